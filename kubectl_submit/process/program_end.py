"""Ends running programs: asks all of them at once, and kills those that do not end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

# A program that is asked to end and does not is killed so many seconds later.
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
"""What was started, and has not been waited for."""


def end_the_rest() -> None:
    """End programs whose results are not needed any more, because something else has failed."""
    rest = [one for one in awaited if not one.ended()]
    awaited.clear()
    end_all(rest)


def end_all(programs: Sequence[Endable]) -> None:
    """End programs, all at once: SIGTERM, and SIGKILL for those that run on."""
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
