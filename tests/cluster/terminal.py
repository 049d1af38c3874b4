"""Commands on a terminal, as a person runs them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import eventually


class Terminal:
    """A command that has a terminal of its own, and somebody who types."""

    def __init__(self, *argv: str, cwd: Path, env: Mapping[str, str] = {}) -> None:
        self._screen, theirs = pty.openpty()
        os.set_blocking(self._screen, False)
        self._shown = b""
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *argv],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def type(self, text: str) -> None:
        """Press keys; `\\x03` is Ctrl-C."""
        os.write(self._screen, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until something is on the screen."""
        eventually(lambda: text in self.shown(), f"on the screen: {text!r}")

    def finish(self) -> tuple[int, str]:
        """Wait for the end; the exit code, and all that was on the screen."""
        eventually(lambda: self.shown() and self._process.poll() is not None, "it has ended")
        shown = self.shown()
        os.close(self._screen)
        return self._process.returncode, shown

    def kill(self) -> None:
        """End it, if a test has failed to."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()

    def shown(self) -> str:
        """All that has been on the screen up to now."""
        try:
            while piece := os.read(self._screen, 1 << 16):
                self._shown += piece
        except OSError:  # nothing for now, or the terminal is closed
            pass
        return self._shown.decode(errors="replace")
