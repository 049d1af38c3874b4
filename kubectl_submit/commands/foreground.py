"""Follows the job of a submit to its end, or detaches from it."""

from __future__ import annotations

from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import ClusterError, ExecutionError, OutputError, PendingTimeoutError
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.run import CANCELLED_CODE
from kubectl_submit.output import Output
from kubectl_submit.process import signals
from kubectl_submit.runs import cancellation, lookup, next_commands
from kubectl_submit.source import identity

CANCEL_WINDOW_SECONDS = 2.0
"""A second Ctrl-C within this time cancels the run."""


def run_in_foreground(
    execution: Execution, kubectl: Kubectl, options: Options, output: Output
) -> Outcome:
    """Follow the job to its end. Delete it if it can never run; else it goes on after an error."""
    if options.detach:
        output.status(_how_to_go_on(execution, kubectl))
        return Outcome(exit_code=0, summary="")
    try:
        return _follow(execution, kubectl, options, output)
    except (ExecutionError, PendingTimeoutError) as error:
        creation.take_back(execution.kind, execution.name, execution.namespace, error, kubectl)
        raise
    except (ClusterError, OutputError) as error:
        go_on = _how_to_go_on(execution, kubectl)
        error.remedy = "\n".join(filter(None, [error.remedy, go_on]))
        raise
    except KeyboardInterrupt:
        return _interrupted(execution, kubectl, options, output)


def _follow(execution: Execution, kubectl: Kubectl, options: Options, output: Output) -> Outcome:
    from kubectl_submit.following.follow import follow
    from kubectl_submit.following.listener import FollowOptions  # while the pod starts
    from kubectl_submit.following.logs import LineOptions

    several = execution.workers > 1 and options.logs == "all"
    prefixed = several if options.prefix is None else options.prefix
    lines = output.job(prefixed=prefixed, data=not options.output)
    follow_options = FollowOptions(
        logs=options.logs,
        lines=LineOptions(keep_times=options.timestamps),
        pending=options.pending_timeout,
        contact=options.contact_timeout,
    )
    return follow(execution, kubectl, lines, follow_options)


def _interrupted(
    execution: Execution, kubectl: Kubectl, options: Options, output: Output
) -> Outcome:
    """Detach from the job, or cancel it on a second Ctrl-C or with --cancel-on-interrupt."""
    job = f"{execution.kind}/{execution.name}"
    if not options.cancel_on_interrupt:
        hint = " (Ctrl-C again within 2 seconds cancels it)" if signals.by_hand() else ""
        output.error(f"detached; {job} keeps running{hint}")
        output.error(_how_to_go_on(execution, kubectl))
        if not (signals.by_hand() and signals.again(CANCEL_WINDOW_SECONDS)):
            return Outcome(exit_code=CANCELLED_CODE, summary="")
    who = identity.me()
    for run in lookup.named(kubectl, execution.namespace, execution.name):
        cancellation.cancel(run, kubectl, who)
    return Outcome(exit_code=CANCELLED_CODE, summary=f"cancelled by {who}")


def _how_to_go_on(execution: Execution, kubectl: Kubectl) -> str:
    return next_commands.how_to_go_on(execution.name, execution.namespace, kubectl.flags)
