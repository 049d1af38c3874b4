"""The commands: a module for `submit`, one for each subcommand, and parts of larger ones."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from kubectl_submit.output import Output


class Command(Protocol):
    """What every module of a subcommand defines."""

    def run(self, options: Any, words: tuple[str, ...], output: Output) -> int:
        """Run the command and return its exit code. Raises SubmitError."""


def load(word: str) -> Command:
    """The module of a subcommand."""
    return cast("Command", import_module(f"{__name__}.{word}"))
