"""Shows the output of a run.

Without --follow, it shows what the run has written so far. With --follow, it shows the output to
the end of the run, and exits with the run's exit code, as a submit does."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import DURATION, option
from kubectl_submit.cli.options.subcommand import SubcommandOptions

WORDS = "NAME"

EXAMPLES = """\
# Show what a run has written so far
kubectl submit logs hello-07b7803-lccg6

# Follow it to its end, and exit with its exit code
kubectl submit logs -f hello-07b7803-lccg6

# Show the last ten minutes of worker 2
kubectl submit logs --worker 2 --since 10m hello-07b7803-lccg6

# Show the build of its image
kubectl submit logs --build hello-07b7803-lccg6
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class LogsOptions(SubcommandOptions):
    """The options of `logs`."""

    follow: bool = option(
        "Lines",
        "--follow",
        "-f",
        is_flag=True,
        default=False,
        configurable=False,
        help="Follow the output to the end of the run, and exit with its exit code.",
    )
    worker: int | None = option(
        "Lines", "--worker", type=int, metavar="N", configurable=False, help="Show only worker N."
    )
    build: bool = option(
        "Lines",
        "--build",
        is_flag=True,
        default=False,
        configurable=False,
        help="Show the output of the image build in the cluster instead.",
    )
    since: int | None = option(
        "Lines",
        "--since",
        type=DURATION,
        configurable=False,
        help="Show only lines newer than this (10m, 2h); default: all.",
    )
    timestamps: bool = option(
        "Lines",
        "--timestamps",
        is_flag=True,
        default=False,
        help="Show when each line was written.",
    )


OPTIONS = LogsOptions
