"""Writes a .kubectl-submit.yaml that lists every option with its meaning, for you to fill in.

It goes into the root of the repository. Nothing is overwritten; on a terminal it asks where
images are pushed."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import (
    option,
)
from kubectl_submit.cli.options.subcommand import SubcommandOptions

WORDS = ""

EXAMPLES = """\
# Write a configuration file into the root of this repository
kubectl submit init

# … and the manifests, to be edited
kubectl submit init --manifests
"""

FOLDER = "kubectl-submit"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class InitOptions(SubcommandOptions):
    """The options of `init`."""

    manifests: bool = option(
        "Files",
        "--manifests",
        is_flag=True,
        default=False,
        configurable=False,
        help=f"Also write the manifests, for editing, to {FOLDER}/.",
    )


OPTIONS = InitOptions
