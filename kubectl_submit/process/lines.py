"""Runs a program and shows its output as it arrives, line by line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.process.stream import Stream


class Listener(Protocol):
    """Receives the output of a program."""

    def lines(self, rank: int, data: bytes) -> None:
        """Show whole lines; `rank` is 0."""

    def waiting(self, why: str) -> None:
        """Called once a second, with an empty reason."""


def show(argv: Sequence[str], listener: Listener, keep_open: Collection[int] = ()) -> int:
    """Run a program, give what it writes to stdout and stderr, and return its exit code.

    Ctrl-C ends the program. `keep_open`: descriptors that it inherits. Raises MissingProgramError.
    """
    loop = Loop()
    results: list[Result] = []
    rest = b""

    def on_bytes(data: bytes) -> None:
        nonlocal rest
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            listener.lines(0, whole + newline)

    def tick() -> None:
        listener.waiting("")
        loop.later(1.0, tick)

    try:
        loop.read(Stream(argv, with_stderr=True, keep_open=keep_open), on_bytes, results.append)
        tick()
        while not results:
            loop.run_once()
    finally:
        loop.close()
    if rest:
        listener.lines(0, rest + b"\n")
    return results[0].exit_code
