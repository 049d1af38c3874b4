"""Writes a .kubectl-submit.yaml that lists every option with its meaning, for you to fill in.

It writes to the root of the repository, and overwrites nothing. On a terminal, it asks where
to push images. It offers a Dockerfile and a .dockerignore if there is no Dockerfile and the
dependencies are in uv.lock, environment.yml or requirements.txt, or there is a Python program
without any."""

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

# Also write the manifests, for editing
kubectl submit init --manifests

# Also write a Dockerfile, where there is none
kubectl submit init --dockerfile
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
    dockerfile: bool = option(
        "Files",
        "--dockerfile",
        is_flag=True,
        default=False,
        configurable=False,
        help="Also write a Dockerfile and a .dockerignore for Python, without asking.",
    )


OPTIONS = InitOptions
