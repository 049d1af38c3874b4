"""Shows one run in detail.

It shows the phases with their times, the workers with exit codes and reasons, the warnings of the
cluster, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass

import click

from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import DOCUMENTS

WORDS = "NAME"

EXAMPLES = """\
# Show phases, workers and warnings of a run; a unique prefix of its name is enough
kubectl submit status hello-07b78

# Get its exit code, for a script
kubectl submit status hello-07b7803-lccg6 -o json | jq .exitCode
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class StatusOptions(SubcommandOptions):
    """The options of `status`."""

    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice(DOCUMENTS),
        configurable=False,
        help="The output format for scripts.",
    )


OPTIONS = StatusOptions
