"""Ends running programs: SIGTERM to all at once, then SIGKILL to those that go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

# The time between SIGTERM and SIGKILL.
KILL_SECONDS = 5.0


class Endable(Protocol):
    """A running program that can be ended."""

    def ended(self) -> bool:
        """Whether it has ended."""

    def ask_to_end(self) -> None:
        """Send SIGTERM, and do not wait."""

    def kill(self) -> None:
        """Send SIGKILL, and do not wait."""

    def finish(self) -> object:
        """Wait for its end."""


awaited: set[Endable] = set()
"""Programs that were started and not waited for yet."""


def end_the_rest() -> None:
    """End programs that are no longer needed, because something else has failed."""
    rest = [one for one in awaited if not one.ended()]
    awaited.clear()
    end_all(rest)


def end_all(programs: Sequence[Endable]) -> None:
    """End programs, all at once: SIGTERM, then SIGKILL to those that go on."""
    for program in programs:
        program.ask_to_end()
    deadline = time.monotonic() + KILL_SECONDS
    for program in programs:
        pause = 0.001
        while not program.ended() and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        if not program.ended():
            program.kill()
        program.finish()
