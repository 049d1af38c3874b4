"""A call that many things ask for, and that is made once for all of them."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.process.event_loop import Loop


class Once:
    """Makes a call later, however often it is asked for meanwhile."""

    def __init__(self, loop: Loop, call: Callable[[], None]) -> None:
        self._loop = loop
        self._call = call
        self._due = False

    def later(self, seconds: float) -> None:
        """Make the call once that much time has passed, unless it is to be made already."""
        if not self._due:
            self._due = True
            self._loop.later(seconds, self.now)

    def now(self) -> None:
        """Make the call; it may ask for itself again."""
        self._due = False
        self._call()
