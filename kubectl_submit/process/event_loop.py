"""An event loop: waits for the output of programs and for timers, in one thread.

It also handles interrupts: they are raised between two callbacks only, when every program that was
started is known.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
from collections.abc import Callable
from typing import Protocol

from kubectl_submit.process import signals
from kubectl_submit.process.command import Result
from kubectl_submit.process.program_end import KILL_SECONDS, end_all

OnBytes = Callable[[bytes], None]
OnEnd = Callable[[Result], None]
# A longer callback waits for the reader of our output. No events are read during that time, so it
# does not count.
LONGEST_CALL_SECONDS = 1.0
FIRST_LOOK_SECONDS = 0.001
LONGEST_LOOK_SECONDS = 0.1


class Readable(Protocol):
    """A running program, as the loop needs it (Stream)."""

    def fileno(self) -> int:
        """The file descriptor to wait on until there is something to read."""

    @property
    def closed(self) -> bool:
        """Whether it has been finished or stopped."""

    def read(self) -> bytes | None:
        """Some bytes; b"" at the end of the output; None if nothing has come yet."""

    def ended(self) -> bool:
        """Whether the program has ended; its output may end slightly earlier."""

    def finish(self) -> Result:
        """How it ended; waits for its end."""

    def ask_to_end(self) -> None:
        """Send SIGTERM, and do not wait."""

    def kill(self) -> None:
        """Send SIGKILL, and do not wait."""

    def stop(self) -> None:
        """End it now, and wait for its end."""


class Loop:
    """Calls back when a stream has output or has ended, and when a timer is due.

    A callback may take long, since the reader of our output may pause. So the clock does not
    advance within a round, and pending output is read before a timer can find it missing.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        selector: selectors.BaseSelector | None = None,
    ) -> None:
        self._clock = clock
        self._paused = 0.0
        self.now = clock()
        """When this round began, in seconds (monotonic)."""
        self._selector = selector or selectors.DefaultSelector()
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._ending: list[Readable] = []
        signals.hold()
        self._wakeup = signals.wakeup()
        if self._wakeup is not None:
            self._selector.register(self._wakeup, selectors.EVENT_READ)

    def read(self, stream: Readable, on_bytes: OnBytes, on_end: OnEnd) -> None:
        """Give the output of a stream to `on_bytes`, and its end to `on_end`."""
        self._selector.register(stream, selectors.EVENT_READ, (on_bytes, on_end))

    def drop(self, stream: Readable) -> None:
        """End a program that is no longer needed; its callback is not called.

        It gets SIGTERM, and SIGKILL some seconds later. This returns at once.
        """
        if stream.closed or stream in self._ending:
            return
        self._selector.unregister(stream)
        stream.ask_to_end()
        self._ending.append(stream)
        self._await_end(stream, stream.finish)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once, after that much time."""
        heapq.heappush(self._moments, (self.now + seconds, next(self._order), call))

    def run_once(self) -> None:
        """Wait for the next event, and make its callbacks."""
        signals.check()
        ready = self._selector.select(self._patience())
        began = self._clock()
        self.now = began - self._paused
        for key, _ in ready:
            stream = key.fileobj
            if stream == self._wakeup:
                signals.drain()
                signals.check()
            elif not (key.data is None or stream.closed or stream in self._ending):  # type: ignore[union-attr]
                self._read(stream, *key.data)  # type: ignore[arg-type]
        while self._moments and self._moments[0][0] <= self.now:
            heapq.heappop(self._moments)[2]()
        self._paused += max(0.0, self._clock() - began - LONGEST_CALL_SECONDS)

    def close(self) -> None:
        """End every program that still runs."""
        running = [key.fileobj for key in list(self._selector.get_map().values()) if key.data]
        end_all([*running, *self._ending])  # type: ignore[list-item]
        self._selector.close()
        signals.let_go()

    def _read(self, stream: Readable, on_bytes: OnBytes, on_end: OnEnd) -> None:
        data = stream.read()
        if data:
            on_bytes(data)
        elif data is not None:
            self._selector.unregister(stream)
            if stream.ended():
                on_end(stream.finish())
            else:
                self._ending.append(stream)
                self._await_end(stream, lambda: on_end(stream.finish()))

    def _await_end(self, stream: Readable, then: Callable[[], object]) -> None:
        """Poll until a program has ended; kill it if that takes too long."""
        kill_at = self.now + KILL_SECONDS

        def look(pause: float) -> None:
            if stream.ended():
                self._ending.remove(stream)
                then()
                return
            if self.now >= kill_at:
                stream.kill()
            self.later(pause, lambda: look(min(2 * pause, LONGEST_LOOK_SECONDS)))

        look(FIRST_LOOK_SECONDS)

    def _patience(self) -> float | None:
        if not self._moments:
            return None
        return max(0.0, self._moments[0][0] + self._paused - self._clock())
