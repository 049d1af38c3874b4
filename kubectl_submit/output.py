"""Writes what the user sees: the job's output on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO

from kubectl_submit import drawing
from kubectl_submit.drawing import Drawing, Lines
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import OutputError
from kubectl_submit.process import signals

# The terminal colours that are readable on black and on white.
COLOURS = (36, 33, 32, 35, 34, 31)
# Where there is no terminal to be filled.
WIDTH = 120


class Output:
    """Writes messages to stderr; each command has one."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._drawing: Drawing | None = None
        self._waiting_for = ""
        self._waiting_since = 0.0
        self._open_line = False
        """Whether the last line on the terminal lacks its newline."""

    def status(self, text: str) -> None:
        """Write a message, unless --quiet is set."""
        if not self.quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """Write a message, also with --quiet."""
        self.clear()
        say("\n" + text if self._open_line else text)
        self._open_line = False

    def data(self, lines: Iterable[str]) -> bool:
        """Write lines to stdout; returns False if stdout is closed. Raises OutputError."""
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        self.clear()
        return _write(sys.stdout.buffer, text)

    def waiting(self, why: str) -> None:
        """Show why nothing happens: as a live line on a terminal, else as a line on each change."""
        if self.quiet or why == self._waiting_for:
            return
        if not self._waiting_for:
            self._waiting_since = time.monotonic()
        self._waiting_for = why
        if not why:
            self.clear()
        elif drawing.possible():
            self.draw(self._waiting_line)
        else:
            seconds = time.monotonic() - self._waiting_since
            after = f" after {seconds:.0f} s" if seconds >= 1 else ""
            say(f"waiting{after}: {why}")

    def draw(self, lines: Lines) -> None:
        """Draw lines that change at the end of the terminal, until the next message."""
        if self._drawing is None or self._drawing.lines != lines:
            self.clear()
            self._drawing = Drawing(lines)

    def clear(self) -> None:
        """Remove the lines that change."""
        if self._drawing:
            self._drawing.remove()
            self._drawing = None

    def note_end(self, data: bytes) -> None:
        """Remember whether the data just written ends with a newline."""
        self._open_line = not data.endswith(b"\n") and sys.stdout.isatty() and sys.stderr.isatty()

    def build(self) -> WorkerLines:
        """A writer for the output of a build, on stderr."""
        return WorkerLines(sys.stderr.buffer, self, prefixed=False, coloured=False)

    def job(self, *, prefixed: bool, data: bool = True) -> WorkerLines:
        """A writer for the job's output, with ranks as prefixes; on stderr if `data` is false."""
        stream = sys.stdout if data else sys.stderr
        coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        return WorkerLines(stream.buffer, self, prefixed=prefixed, coloured=coloured)

    def _waiting_line(self) -> list[str]:
        elapsed = timedelta(seconds=int(time.monotonic() - self._waiting_since))
        text = f"{elapsed} {printable(self._waiting_for)}"
        return [text if len(text) <= width() else text[: width() - 3] + "..."]


class WorkerLines:
    """Writes the lines of workers to one stream, and messages about them to stderr."""

    def __init__(self, stream: BinaryIO, output: Output, *, prefixed: bool, coloured: bool) -> None:
        self._stream: BinaryIO | None = stream
        self._output = output
        self._prefixed = prefixed
        self._coloured = coloured

    def lines(self, rank: int, data: bytes) -> None:
        """Write whole lines; only the last line of a worker may lack its newline."""
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
        """Show why nothing happens yet."""
        self._output.waiting(why)

    def warn(self, text: str) -> None:
        """Write a message, also with --quiet."""
        self._output.error(text)

    def _prefix(self, rank: int) -> bytes:
        if not self._coloured:
            return b"[%d] " % rank
        return b"\x1b[%dm[%d]\x1b[0m " % (COLOURS[rank % len(COLOURS)], rank)


def width() -> int:
    """How many characters a line on stderr should have at most."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except (OSError, ValueError):
        return WIDTH


def printable(text: str) -> str:
    """The text with control characters and surrogates escaped, safe for a terminal.

    ssh ends its lines with a carriage return and a line feed.
    """
    text = text.encode("utf-8", "backslashreplace").decode().replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def say(text: str) -> None:
    """Write a message to stderr; drop it if stderr is closed or full."""
    try:
        print(printable(text), file=sys.stderr, flush=True)
    except OSError:
        _point_nowhere(sys.stderr.fileno())


def _write(stream: BinaryIO, data: bytes) -> bool:
    """Write; returns False if the reader is gone. Raises OutputError on stdout.

    The reader may pause; an interrupt still ends the wait.
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
    """Redirect a closed stream to /dev/null, so Python does not complain at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
