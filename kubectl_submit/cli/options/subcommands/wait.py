"""Waits until runs have ended.

It exits with the run's exit code, as a submit does. With several runs, the first failure ends the
wait, with that run's exit code; the others go on."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import DURATION, option
from kubectl_submit.cli.options.subcommand import SubcommandOptions

WORDS = "NAME..."

EXAMPLES = """\
# Wait for a run, and exit with its exit code
kubectl submit wait hello-07b7803-lccg6

# Wait for several runs, an hour at most
kubectl submit wait --timeout 1h hello-07b7803-lccg6 hello-51c9f02-x2k4z
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class WaitOptions(SubcommandOptions):
    """The options of `wait`."""

    timeout: int | None = option(
        "Runs",
        "--timeout",
        type=DURATION,
        configurable=False,
        help="Give up if the runs have not ended after this time (exit 124); default: never.",
    )


OPTIONS = WaitOptions
