"""The commands: one module a subcommand, `submit`, and the parts of the larger ones."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from kubectl_submit.output import Output


class Command(Protocol):
    """What every module of a subcommand offers."""

    def run(self, options: Any, words: tuple[str, ...], output: Output) -> int:
        """Do it; the exit code. Raises SubmitError."""


def load(word: str) -> Command:
    """The module of a subcommand."""
    return cast("Command", import_module(f"{__name__}.{word}"))
