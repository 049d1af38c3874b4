"""Handles Ctrl-C, SIGTERM and SIGHUP; the first one ends the command, and cleans up.

The first signal raises KeyboardInterrupt; while interrupts are held, only once it is known what to
clean up. The second is only noted, so that it does not disturb the clean-up; the third ends all.
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
    """The signals received, and who holds them."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.holders = 0
        self.pending = False
        self.pipe: tuple[int, ...] = ()


_state = _State()


def install() -> None:
    """Install the handlers. Ignored signals stay ignored, as under nohup."""
    global _state  # noqa: PLW0603 (each command starts with a new state)
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
    """From now on, only `check` or `release` raises an interrupt."""
    _state.holders += 1


def release() -> None:
    """Undo one `hold`; the last one raises KeyboardInterrupt if a signal is pending."""
    _state.holders -= 1
    if not _state.holders:
        check()


def let_go() -> None:
    """Undo one `hold` without raising; the last one drops a pending signal."""
    _state.holders -= 1
    if not _state.holders:
        _state.pending = False


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Only `check` can interrupt this block."""
    hold()
    try:
        yield
    except BaseException:
        _state.holders -= 1  # one error is enough
        raise
    release()


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Handle signals at the end of this block.

    For short steps that belong together, such as starting a process and recording it.
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
    """Drop a pending interrupt: the work that it should end is done."""
    _state.pending = False


def check() -> None:
    """Raise KeyboardInterrupt if an interrupt is pending."""
    if _state.pending:
        _state.pending = False
        raise KeyboardInterrupt


def holding() -> bool:
    """Whether interrupts are held now."""
    return _state.holders > 0


def wakeup() -> int | None:
    """A file descriptor that becomes readable on a signal; None before `install`."""
    return _state.pipe[0] if _state.pipe else None


def await_writable(descriptor: int) -> None:
    """Wait until a file descriptor is writable; an interrupt ends the wait."""
    while True:
        check()
        readable, writable, _ = select.select(_state.pipe[:1], [descriptor], [])
        if writable:
            return
        if readable:
            drain()


def by_hand() -> bool:
    """Whether the first signal was Ctrl-C, so a second may follow."""
    return _state.seen[:1] == [signal.SIGINT]


def again(seconds: float) -> bool:
    """Whether a second Ctrl-C has come, or comes within that time."""
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
