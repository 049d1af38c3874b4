"""Waits for everything at once: running programs that write, and moments to come. One thread.

An interrupt is one of these things, too: while there is a loop, it comes between two calls, so that
every program that was started is known.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
from collections.abc import Callable

from kubectl_submit import interrupts
from kubectl_submit.command import Result, Stream

OnBytes = Callable[[bytes], None]
OnEnd = Callable[[Result], None]


class Loop:
    """Calls back when a stream has output or has ended, and when a moment has come.

    A call may take long: whoever reads our output may pause. So time stands still during a round,
    and what has come in the meantime is read before anybody can say that nothing came.
    """

    def __init__(self) -> None:
        self.now = time.monotonic()
        """When this round began, in seconds (monotonic)."""
        self._selector = selectors.DefaultSelector()
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        interrupts.hold()
        self._wakeup = interrupts.wakeup()
        if self._wakeup is not None:
            self._selector.register(self._wakeup, selectors.EVENT_READ)

    def read(self, stream: Stream, on_bytes: OnBytes, on_end: OnEnd) -> None:
        """Give the output of a stream to `on_bytes`, and its end to `on_end`."""
        self._selector.register(stream, selectors.EVENT_READ, (on_bytes, on_end))

    def drop(self, stream: Stream) -> None:
        """End a program whose output is not wanted any more; no call is made for it."""
        self._selector.unregister(stream)
        stream.stop()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once when that much time has passed."""
        heapq.heappush(self._moments, (self.now + seconds, next(self._order), call))

    def run_once(self) -> None:
        """Wait for the next thing to happen, and make its calls."""
        interrupts.check()
        ready = self._selector.select(self._patience())
        self.now = time.monotonic()
        for key, _ in ready:
            stream = key.fileobj
            if stream == self._wakeup:
                interrupts.drain()
                interrupts.check()
                continue
            assert isinstance(stream, Stream)
            if stream.closed:  # a call before this one has dropped it
                continue
            on_bytes, on_end = key.data
            data = stream.read()
            if data:
                on_bytes(data)
            elif data is not None:
                self._selector.unregister(stream)
                on_end(stream.finish())
        while self._moments and self._moments[0][0] <= self.now:
            heapq.heappop(self._moments)[2]()

    def close(self) -> None:
        """End every program that still runs."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, Stream):
                key.fileobj.stop()
        self._selector.close()
        interrupts.release()

    def _patience(self) -> float | None:
        if not self._moments:
            return None
        return max(0.0, self._moments[0][0] - time.monotonic())
