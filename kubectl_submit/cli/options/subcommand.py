"""The options of every subcommand."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import option
from kubectl_submit.cli.options.kubectl import KubectlOptions


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class SubcommandOptions(KubectlOptions):
    """The options of every subcommand."""

    verbose: bool = option(
        "Output",
        "--verbose",
        is_flag=True,
        default=False,
        help="Show every command that is run, and the code of an error.",
    )
