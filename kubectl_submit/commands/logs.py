"""Runs `logs`; its options are declared in cli/options/subcommands/logs.py."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit import times
from kubectl_submit.cli.options.subcommands.logs import LogsOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.following import past_logs
from kubectl_submit.following.follow import follow
from kubectl_submit.following.listener import FollowOptions, LogListener
from kubectl_submit.following.logs import LineOptions
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import pod_state
from kubectl_submit.model.run import PENDING, QUEUED, Run
from kubectl_submit.output import Output
from kubectl_submit.runs import executions, lookup, settlement


def run(options: LogsOptions, words: tuple[str, ...], output: Output) -> int:
    """Show the logs; returns 0, or with --follow the run's exit code. Raises SubmitError."""
    if len(words) != 1:
        raise UsageError(
            "logs takes exactly one run name",
            code=ErrorCode.RUN_NAME_EXPECTED,
            remedy="See `kubectl submit list`.",
        )
    kubectl = Kubectl.from_options(options)
    [found] = lookup.find(kubectl, words)
    execution = (
        executions.execution_for_build(found)
        if options.build
        else executions.execution_for_run(found)
    )
    _check(options.worker, execution)
    follow_options = FollowOptions(
        worker=options.worker,
        lines=LineOptions(
            keep_times=options.timestamps, since=times.ago(options.since) if options.since else ""
        ),
    )
    lines = output.job(prefixed=execution.workers > 1 and options.worker is None)
    pods = executions.pods(execution, kubectl)
    ended = found.status.exit_code
    if not pods and ended is not None and not options.build:
        _report_gone(found, output, follow=options.follow)
        return ended if options.follow else 0
    if not options.follow:
        past_logs.show(execution, pods, kubectl, lines, follow_options)
        if not options.build and _waits(found, pods, execution):
            output.error(f"{found.name} has not begun: {found.status.state}")
        return 0
    return _follow(execution, kubectl, lines, follow_options, output)


def _follow(
    execution: Execution,
    kubectl: Kubectl,
    lines: LogListener,
    follow_options: FollowOptions,
    output: Output,
) -> int:
    """Show the output to its end; returns the run's exit code."""
    outcome = follow(execution, kubectl, lines, follow_options)
    settlement.report(execution, outcome, output)
    return outcome.exit_code


def _report_gone(run: Run, output: Output, *, follow: bool) -> None:
    """Say that there is nothing to show; with --follow also how the run ended."""
    output.error(f"warning: the pods of {run.id} are gone, and their output with them")
    if follow and run.status.reason:
        output.error(f"{run.id}: {run.status.reason}")


def _waits(run: Run, pods: Iterable[Object], execution: Execution) -> bool:
    """Whether the run has not started, so it cannot have written anything."""
    started = any(pod_state(pod, execution.container).started for pod in pods)
    return run.status.state in (PENDING, QUEUED) and not started


def _check(worker: int | None, execution: Execution) -> None:
    if worker is not None and not 0 <= worker < execution.workers:
        last = f"workers 0 to {execution.workers - 1}" if execution.workers > 1 else "worker 0 only"
        raise UsageError(
            f"{execution.name} has no worker {worker}: {last}", code=ErrorCode.NO_SUCH_WORKER
        )
