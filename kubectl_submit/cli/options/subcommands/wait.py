"""Waits until runs have ended.

It exits as a submit of the run would have. Of several, the first one that fails ends the wait, with
its exit code; the others go on."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import DURATION, option
from kubectl_submit.cli.options.subcommand import SubcommandOptions

WORDS = "NAME..."

EXAMPLES = """\
# Wait for a run, and exit as a submit would
kubectl submit wait hello-07b7803-lccg6

# Wait for several, an hour at most
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
        help="Give up if they have not ended after this time (exit 124); default: never.",
    )


OPTIONS = WaitOptions
