"""The subcommands as they are declared: options, words, examples; their modules are read on use."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from kubectl_submit.cli.options.kubectl import KubectlOptions

COMMANDS: dict[str, str] = {
    "list": "Show the runs: workers, state, age, commit, and who created them.",
    "status": "Show one run with its phases, workers and events.",
    "logs": "Show the output of a run, or of the build of its image.",
    "wait": "Wait until runs have ended; exit as a submit would.",
    "cancel": "Stop runs; what they were stays in the list.",
    "doctor": "Check what a submit from this folder would need.",
    "init": "Write a configuration file to be filled in, and manifests to be edited.",
    "completion": "Write what a shell needs to complete this command.",
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
