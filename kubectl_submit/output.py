"""What the user sees: the job's lines on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import BinaryIO, TextIO


class Output:
    """Writes lines of workers and messages; one of these lives as long as the command."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._stderr: TextIO = sys.stderr
        self._quiet = quiet

    def status(self, text: str) -> None:
        """Something to know; not shown with --quiet."""
        if not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """Something that must be seen."""
        print(printable(text), file=self._stderr, flush=True)

    def build(self) -> WorkerLines:
        """Lines of a build, which are no data."""
        return WorkerLines(sys.stderr.buffer, self, workers=1)

    def job(self, workers: int) -> WorkerLines:
        """Lines of the job, each behind its rank if there are several workers."""
        return WorkerLines(sys.stdout.buffer, self, workers=workers)


class WorkerLines:
    """Lines of workers on one stream, and messages beside them."""

    def __init__(self, stream: BinaryIO, output: Output, *, workers: int) -> None:
        self._stream: BinaryIO | None = stream
        self._output = output
        self._prefixed = workers > 1

    def lines(self, rank: int, data: bytes) -> None:
        """Write whole lines; only the very last one of a worker may lack its line end."""
        if self._prefixed:
            prefix = b"[%d] " % rank
            data = prefix + data.removesuffix(b"\n").replace(b"\n", b"\n" + prefix) + b"\n"
        if self._stream is None:
            return
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:  # `| head`: the reader has enough, the job goes on
            self._stream = None

    def status(self, text: str) -> None:
        """Something to know while waiting."""
        self._output.status(text)

    def warn(self, text: str) -> None:
        """Something that must be seen."""
        self._output.error(text)


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor; surrogates shown as escapes."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
