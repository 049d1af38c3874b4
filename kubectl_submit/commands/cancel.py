"""Runs `cancel`; its options are declared in cli/options/subcommands/cancel.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.cancel import CancelOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.model.run import BUILT, CANCELLED, Run
from kubectl_submit.output import Output
from kubectl_submit.runs import cancellation, lookup
from kubectl_submit.source import identity


def run(options: CancelOptions, words: tuple[str, ...], output: Output) -> int:
    """Cancel the runs and return 0. Raises ClusterError, NoSuchRunError, UsageError."""
    _check(options, words)
    kubectl = Kubectl.from_options(options)
    selector = identity.mine() if options.mine else ""
    if words:
        found = lookup.find(kubectl, words, selector=selector)
    else:
        every = lookup.read(kubectl, current_namespace(kubectl), selector)
        found = [one for one in every if options.delete or not one.has_ended]
        if not found:
            output.status("no runs of yours to cancel")
    who = identity.me()
    for one in found:
        if options.delete:
            cancellation.delete(one, kubectl)
            output.status(f"{one.id} deleted")
        else:
            output.status(_cancel(one, kubectl, who))
    return 0


def _check(options: CancelOptions, words: tuple[str, ...]) -> None:
    if bool(words) == options.all_of_them:
        raise UsageError(
            "name the runs to cancel, or use --all --mine",
            code=ErrorCode.NAMES_OR_ALL_EXPECTED,
            remedy="See `kubectl submit list`.",
        )
    if options.all_of_them and not options.mine:
        raise UsageError(
            "--all also means the runs of others: add --mine, or give names",
            code=ErrorCode.ALL_NEEDS_MINE,
        )


def _cancel(one: Run, kubectl: Kubectl, who: str) -> str:
    """Cancel one run; returns a message for the user."""
    status = one.status
    if one.has_ended or status.state in (BUILT, CANCELLED):
        reason = f" ({status.reason})" if status.reason else ""
        return f"{one.id} has nothing to cancel: {status.state}{reason}"
    cancellation.cancel(one, kubectl, who)
    return f"{one.id} cancelled"
