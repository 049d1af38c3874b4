"""Waits until runs have ended.

It exits as a submit of the run would have. Of several, the first one that fails ends the wait, with
its exit code; the others go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_submit.cli.options import kubectl_flags
from kubectl_submit.cli.options.declaration import DURATION, option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.errors import UsageError

if TYPE_CHECKING:
    from kubectl_submit.output import Output

WORDS = "NAME..."
EXAMPLES = """\
# Wait for a run, and exit as a submit would
kubectl submit wait hello-07b7803-lccg6

# Wait for several, an hour at most
kubectl submit wait --timeout 1h hello-07b7803-lccg6 hello-51c9f02-x2k4z
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class OPTIONS(SubcommandOptions):
    """The options of `wait`."""

    timeout: int | None = option(
        "Runs",
        "--timeout",
        type=DURATION,
        configurable=False,
        help="Give up if they have not ended by then (exit 124); default: never.",
    )


def run(options: OPTIONS, words: tuple[str, ...], output: Output) -> int:
    """Wait for them; the exit code of the first that fails, else 0. Raises SubmitError."""
    if not words:
        raise UsageError("say what to wait for: names", remedy="See `kubectl submit list`.")
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.commands import wait_for_runs

    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    return wait_for_runs.wait(kubectl, words, options.timeout, output)
