"""A terminal for tests, and what is shown there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios

from tests.patience import PATIENCE


class Terminal:
    """A terminal: what is written to its stream can be read as it is shown."""

    def __init__(self) -> None:
        self._leader, terminal = pty.openpty()
        self._unread = ""
        self.stream = open(terminal, "w")  # noqa: SIM115 (closed by the fixture)

    def resize(self, rows: int, columns: int) -> None:
        """Give it another size."""
        fcntl.ioctl(self.stream, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, words: str) -> str:
        """What is shown up to some words; what comes after them is shown by the next call."""
        shown, self._unread = self._unread, ""
        while words not in shown:
            ready, _, _ = select.select([self._leader], [], [], PATIENCE)
            assert ready, f"{words!r} is not shown: {shown!r}"
            shown += os.read(self._leader, 1000).decode()
        end = shown.index(words) + len(words)
        shown, self._unread = shown[:end], shown[end:]
        return shown

    def close(self) -> None:
        """Close both of its ends."""
        self.stream.close()
        os.close(self._leader)
