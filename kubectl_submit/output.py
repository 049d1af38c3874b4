"""What the user sees: the job's lines on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import OutputError
from kubectl_submit.process import signals

if TYPE_CHECKING:
    from rich.progress import Progress

# Of a terminal's sixteen colours those that can be read on black and on white.
COLOURS = (36, 33, 32, 35, 34, 31)


class Output:
    """Messages on stderr; one of these lives as long as the command."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Progress | None = None
        self._waiting_for = ""
        self._waiting_since = 0.0
        self._open_line = False
        """Whether the last line on the terminal has no newline yet."""

    def status(self, text: str) -> None:
        """Something to know; not shown with --quiet."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """Something that must be seen."""
        self.clear()
        say("\n" + text if self._open_line else text)
        self._open_line = False

    def data(self, lines: Iterable[str]) -> bool:
        """Write lines to stdout; whether anybody still reads them. Raises OutputError."""
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        self.clear()
        return _write(sys.stdout.buffer, text)

    def waiting(self, why: str) -> None:
        """Why nothing happens: a live line on a terminal, else a line whenever it changes."""
        if self._quiet or why == self._waiting_for:
            return
        if not self._waiting_for:
            self._waiting_since = time.monotonic()
        self._waiting_for = why
        if not why:
            self.clear()
        elif sys.stderr.isatty():
            self._show_live(printable(why))
        else:
            seconds = time.monotonic() - self._waiting_since
            after = f" after {seconds:.0f} s" if seconds >= 1 else ""
            say(f"waiting{after}: {why}")

    def clear(self) -> None:
        """Take the live line away."""
        if self._live:
            self._live.stop()
            self._live = None

    def note_end(self, data: bytes) -> None:
        """Data was written that may have no line end."""
        self._open_line = not data.endswith(b"\n") and sys.stdout.isatty() and sys.stderr.isatty()

    def build(self) -> WorkerLines:
        """Lines of a build, which are no data."""
        return WorkerLines(sys.stderr.buffer, self, prefixed=False, coloured=False)

    def job(self, *, prefixed: bool, data: bool = True) -> WorkerLines:
        """Lines of the job, each behind its rank if that is asked for; on stderr if no data."""
        stream = sys.stdout if data else sys.stderr
        coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        return WorkerLines(stream.buffer, self, prefixed=prefixed, coloured=coloured)

    def _show_live(self, why: str) -> None:
        if self._live:
            self._live.update(self._live.task_ids[0], description=why)
            return
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        # A reason that is too long must not push the time away.
        elapsed = TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True))
        reason = TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis"),
        )
        console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
        self._live = Progress(
            elapsed, reason, console=console, transient=True, refresh_per_second=4
        )
        self._live.add_task(why, total=None)
        self._live.start()


class WorkerLines:
    """Lines of workers on one stream, and what there is to say beside them."""

    def __init__(self, stream: BinaryIO, output: Output, *, prefixed: bool, coloured: bool) -> None:
        self._stream: BinaryIO | None = stream
        self._output = output
        self._prefixed = prefixed
        self._coloured = coloured

    def lines(self, rank: int, data: bytes) -> None:
        """Write whole lines; only the very last one of a worker may lack its line end."""
        if self._prefixed:
            prefix = self._prefix(rank)
            data = prefix + data.removesuffix(b"\n").replace(b"\n", b"\n" + prefix) + b"\n"
        self._output.clear()
        if self._stream is None:
            return
        if not _write(self._stream, data):
            self._stream = None
        self._output.note_end(data)

    def waiting(self, why: str) -> None:
        """Why nothing happens yet."""
        self._output.waiting(why)

    def warn(self, text: str) -> None:
        """Something that must be seen."""
        self._output.error(text)

    def _prefix(self, rank: int) -> bytes:
        if not self._coloured:
            return b"[%d] " % rank
        return b"\x1b[%dm[%d]\x1b[0m " % (COLOURS[rank % len(COLOURS)], rank)


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor; surrogates shown as escapes."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def say(text: str) -> None:
    """Write a message to stderr; where that is closed or full, drop it."""
    try:
        print(printable(text), file=sys.stderr, flush=True)
    except OSError:
        _point_nowhere(sys.stderr.fileno())


def _write(stream: BinaryIO, data: bytes) -> bool:
    """Write; False if the reader has gone. Raises OutputError, where it is stdout.

    A reader may pause for as long as it likes: an interrupt ends the waiting for it.
    """
    rest = memoryview(data)
    try:
        while rest:
            signals.await_writable(stream.fileno())
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(stream.fileno(), rest[: select.PIPE_BUF]) :]
    except OSError as error:
        _point_nowhere(stream.fileno())
        if isinstance(error, BrokenPipeError) or stream is not sys.stdout.buffer:
            return False  # `| head`: the reader has enough, the job goes on
        raise OutputError(
            f"cannot write the output: {error.strerror}", code=ErrorCode.OUTPUT_NOT_WRITABLE
        ) from None
    return True


def _point_nowhere(stream: int) -> None:
    """Keep Python from complaining at exit about a stream that is closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
