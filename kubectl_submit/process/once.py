"""Merges several requests for the same call into one."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.process.event_loop import Loop


class Once:
    """Makes a call later; further requests until then are merged."""

    def __init__(self, loop: Loop, call: Callable[[], None]) -> None:
        self._loop = loop
        self._call = call
        self._due = False

    def later(self, seconds: float) -> None:
        """Make the call after that much time, unless it is already scheduled."""
        if not self._due:
            self._due = True
            self._loop.later(seconds, self.now)

    def now(self) -> None:
        """Make the call; it may schedule itself again."""
        self._due = False
        self._call()
