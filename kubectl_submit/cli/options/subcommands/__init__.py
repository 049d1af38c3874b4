"""Declares the subcommands: options, arguments, examples. Each module is imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from kubectl_submit.cli.options.kubectl import KubectlOptions

COMMANDS: dict[str, str] = {
    "list": "List runs: workers, state, age, commit, and who created them.",
    "status": "Show one run with its phases, workers and events.",
    "logs": "Show the output of a run, or of the build of its image.",
    "wait": "Wait until runs have ended, and exit with their exit code.",
    "cancel": "Stop runs; they stay in the list.",
    "gpus": "Show the GPUs of the cluster: types, nodes, what is free, and who holds the rest.",
    "builder": "Keep a BuildKit in the namespace, for fast builds.",
    "doctor": "Check everything that a submit from this folder needs.",
    "init": "Write a configuration file, a Dockerfile, and manifests to edit.",
    "completion": "Write the completion script for a shell.",
}
"""Word → what it does, in one line."""
FOLLOWING = ("", "logs", "wait")
"""The commands that exit with the exit code of a run, and with 125 if they fail themselves."""


class Declaration(Protocol):
    """What every module here defines; its docstring is the beginning of its help."""

    OPTIONS: type[KubectlOptions]
    """Its options, declared like those of a submit."""
    WORDS: str
    """Its arguments as its usage shows them: `NAME...`; empty if it takes none."""
    EXAMPLES: str
    """The end of its help: command lines, each below a comment."""


def declaration(word: str) -> Declaration:
    """The module of a word in COMMANDS."""
    return cast("Declaration", import_module(f"{__name__}.{word}"))
