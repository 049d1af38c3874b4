"""The subcommands: what follows a submit, and what prepares one; imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from kubectl_submit.options import KubectlOptions
from kubectl_submit.output import Output

COMMANDS: dict[str, str] = {}
"""Word → what it does, in one line."""


class Command(Protocol):
    """What every module here offers."""

    OPTIONS: type[KubectlOptions]
    """Its options, declared as those of a submit are."""
    WORDS: str
    """How its other words are called in its usage: `NAME...`; empty if it takes none."""

    def run(self, options: Any, words: tuple[str, ...], output: Output) -> int:
        """Do it; the exit code. Raises SubmitError."""


def load(word: str) -> Command:
    """The module of a word in COMMANDS."""
    return cast("Command", import_module(f"{__name__}.{word}"))
