"""Ctrl-C, SIGTERM and SIGHUP: the first one ends what we do, and nothing is left behind.

The first signal raises KeyboardInterrupt; where interrupts are held, only once it is known what
there is to clean up. The second one is noted and disturbs no cleaning up; the third one ends all.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _State:
    """What has come, and what waits for it."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.holders = 0
        self.pending = False
        self.pipe: tuple[int, ...] = ()


_state = _State()


def install() -> None:
    """Begin to listen. What is ignored stays ignored: by nohup, or in the background of a shell."""
    global _state  # noqa: PLW0603 (each run of the command begins anew)
    for old in _state.pipe:
        os.close(old)
    _state = _State()
    for one in SIGNALS:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _note)
    _state.pipe = os.pipe()
    for end in _state.pipe:
        os.set_blocking(end, False)
    signal.set_wakeup_fd(_state.pipe[1], warn_on_full_buffer=False)


def hold() -> None:
    """From now on an interrupt is raised by `check` or `release` only."""
    _state.holders += 1


def release() -> None:
    """Undo one `hold`; raises KeyboardInterrupt if that was the last one and there was one."""
    _state.holders -= 1
    if not _state.holders:
        check()


def let_go() -> None:
    """Undo one `hold` and raise nothing; the last one drops a signal that was held."""
    _state.holders -= 1
    if not _state.holders:
        _state.pending = False


@contextlib.contextmanager
def held() -> Iterator[None]:
    """The block inside is interrupted only where it calls `check` itself."""
    hold()
    try:
        yield
    except BaseException:
        _state.holders -= 1  # one error is enough
        raise
    release()


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Signals that come inside are handled at its end: as they would have been before.

    For what must not be torn apart and takes no time, such as starting a process and noting which.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread only
        return
    seen: list[int] = []
    handlers = {one: signal.getsignal(one) for one in SIGNALS}
    handled = {one: handler for one, handler in handlers.items() if callable(handler)}
    for one in handled:
        signal.signal(one, lambda number, _frame: seen.append(number))
    try:
        yield
    finally:
        for one, handler in handled.items():
            signal.signal(one, handler)
    for number in seen:
        signal.raise_signal(number)


def forget() -> None:
    """What was to be interrupted is over, and its result is known: nothing is raised for it."""
    _state.pending = False


def check() -> None:
    """Raise KeyboardInterrupt if there was an interrupt that has not been raised."""
    if _state.pending:
        _state.pending = False
        raise KeyboardInterrupt


def holding() -> bool:
    """Whether interrupts are held now."""
    return _state.holders > 0


def wakeup() -> int | None:
    """A file descriptor that can be read once a signal has come; None before `install`."""
    return _state.pipe[0] if _state.pipe else None


def await_writable(descriptor: int) -> None:
    """Wait until something can be written there; an interrupt ends the waiting."""
    while True:
        check()
        readable, writable, _ = select.select(_state.pipe[:1], [descriptor], [])
        if writable:
            return
        if readable:
            drain()


def by_hand() -> bool:
    """Whether the first one was Ctrl-C, so that another one may follow."""
    return _state.seen[:1] == [signal.SIGINT]


def again(seconds: float) -> bool:
    """Whether a second Ctrl-C has come, or comes within so much time."""
    deadline = time.monotonic() + seconds
    while _state.seen.count(signal.SIGINT) < 2:
        left = deadline - time.monotonic()
        if left <= 0 or not _state.pipe:
            return False
        if select.select([_state.pipe[0]], [], [], left)[0]:
            drain()
    return True


def drain() -> None:
    """Read the signals that arrived, from the wakeup descriptor."""
    if _state.pipe:
        with contextlib.suppress(BlockingIOError):
            os.read(_state.pipe[0], 100)


def _note(number: int, _frame: object) -> None:
    _state.seen.append(number)
    count = len(_state.seen)
    if count == 1 and _state.holders:
        _state.pending = True
    elif count != 2:
        raise KeyboardInterrupt
