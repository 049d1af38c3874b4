"""Stops runs, whether they are running, queued or being built.

A cancelled run stays in the list, with the name of the user who cancelled it. A run that has ended
is left as it is, and cancelling twice does no harm."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions

WORDS = "NAME..."

EXAMPLES = """\
# Stop one run; it stays in the list
kubectl submit cancel hello-07b7803-lccg6

# Stop all of your runs that have not ended
kubectl submit cancel --all --mine

# Delete two runs with everything that belongs to them
kubectl submit cancel --delete hello-07b7803-lccg6 hello-51c9f02-x2k4z
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class CancelOptions(SubcommandOptions):
    """The options of `cancel`."""

    all_of_them: bool = option(
        "Runs",
        "--all",
        is_flag=True,
        default=False,
        configurable=False,
        help="Cancel all runs that have not ended; only together with --mine.",
    )
    mine: bool = option(
        "Runs",
        "--mine",
        is_flag=True,
        default=False,
        configurable=False,
        help="With --all: cancel only my own runs.",
    )
    delete: bool = option(
        "Runs",
        "--delete",
        is_flag=True,
        default=False,
        configurable=False,
        help="Delete the runs, ended or not, with everything that belongs to them.",
    )


OPTIONS = CancelOptions
