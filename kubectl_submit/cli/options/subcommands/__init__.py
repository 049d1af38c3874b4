"""The subcommands as they are declared: options, words, examples; their modules are read on use."""

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
    "doctor": "Check everything that a submit from this folder needs.",
    "init": "Write a configuration file to fill in, and manifests to edit.",
    "completion": "Write the completion script for a shell.",
}
"""Word → what it does, in one line."""
FOLLOWING = ("", "logs", "wait")
"""The commands that exit with the code of a run, and so with 125 where they fail themselves."""


class Declaration(Protocol):
    """What every module here offers; its docstring is the beginning of its help."""

    OPTIONS: type[KubectlOptions]
    """Its options, declared as those of a submit are."""
    WORDS: str
    """How its other words are called in its usage: `NAME...`; empty if it takes none."""
    EXAMPLES: str
    """The end of its help: command lines, each below a comment that says what it does."""


def declaration(word: str) -> Declaration:
    """The module of a word in COMMANDS."""
    return cast("Declaration", import_module(f"{__name__}.{word}"))
