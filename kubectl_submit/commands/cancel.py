"""Stops runs, whether they run, wait or are still being built.

A run that was cancelled stays in the list, with the name of whoever cancelled it. One that has
ended is left as it is; cancelling twice is fine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_submit.cli.options import kubectl_flags
from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.errors import UsageError

if TYPE_CHECKING:  # what --help need not wait for is imported where it is used
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.model.run import Run
    from kubectl_submit.output import Output

WORDS = "NAME..."
EXAMPLES = """\
# Stop one run; it stays in the list
kubectl submit cancel hello-07b7803-lccg6

# Stop all of your own that have not ended
kubectl submit cancel --all --mine

# Delete two runs with everything that belongs to them
kubectl submit cancel --delete hello-07b7803-lccg6 hello-51c9f02-x2k4z
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `cancel`."""

    all_of_them: bool = option(
        "Runs",
        "--all",
        is_flag=True,
        default=False,
        configurable=False,
        help="All that have not ended, instead of names; only together with --mine.",
    )
    mine: bool = option(
        "Runs", "--mine", is_flag=True, default=False, configurable=False, help="Only my own."
    )
    delete: bool = option(
        "Runs",
        "--delete",
        is_flag=True,
        default=False,
        configurable=False,
        help="Delete them, ended or not, with everything that belongs to them.",
    )


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Cancel them; 0. Raises ClusterError, NoSuchRunError, UsageError."""
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.runs import cancellation, lookup
    from kubectl_submit.source import identity

    _check(options, words)
    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    selector = identity.mine() if options.mine else ""
    if words:
        found = lookup.find(kubectl, words, selector=selector)
    else:
        every = lookup.read(kubectl, kubectl.namespace(), selector)
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


def _check(options: OPTIONS, words: tuple[str, ...]) -> None:
    if bool(words) == options.all_of_them:
        raise UsageError(
            "say what to cancel: names, or --all --mine", remedy="See `kubectl submit list`."
        )
    if options.all_of_them and not options.mine:
        raise UsageError("--all also means the runs of others: add --mine, or give names")


def _cancel(one: Run, kubectl: Kubectl, who: str) -> str:
    """Cancel one run; what to say about it."""
    from kubectl_submit.model.run import BUILT, CANCELLED
    from kubectl_submit.runs import cancellation

    status = one.status
    if one.has_ended or status.state in (BUILT, CANCELLED):
        reason = f" ({status.reason})" if status.reason else ""
        return f"{one.id} has nothing to cancel: {status.state}{reason}"
    cancellation.cancel(one, kubectl, who)
    return f"{one.id} cancelled"
