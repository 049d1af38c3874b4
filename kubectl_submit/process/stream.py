"""Runs a program and reads its output as it arrives: a log, a watch."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType

from kubectl_submit.process import command, signals
from kubectl_submit.process.command import READ_BYTES, Result, Running
from kubectl_submit.process.program_end import end_all

PIPE_BYTES = 1 << 20


class Stream(Running):
    """A running program; its stdout is read as it arrives, without blocking.

    It runs in its own process group, so Ctrl-C on the terminal reaches only us.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
        keep_open: Collection[int] = (),
    ) -> None:
        """`with_stderr`: read stderr, too. `keep_open`: descriptors that the program inherits."""
        self.argv = tuple(argv)
        self._reader, writer = os.pipe()
        _widen(self._reader)
        os.set_blocking(self._reader, False)
        self._nothing = open(os.devnull, "rb")  # noqa: SIM115 (closed by _release)
        # A file: sh would read a pipe in a thread that wakes up ten times a second.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _release)
        try:
            start = command.sh_command(argv[0])
            # Handle a signal only once the new process is known, so it can be ended.
            with signals.deferred():
                self._process = start(
                    *argv[1:],
                    _in=self._nothing,
                    _out=writer,
                    _err=writer if with_stderr else self._errors,
                    _bg=True,
                    _bg_exc=False,
                    _new_group=True,
                    _pass_fds=set(keep_open),
                    **command.sh_settings(argv, env, None),
                )
        except BaseException:
            if self._process is not None:
                end_all([self])
            self._release()
            raise
        finally:
            os.close(writer)

    def fileno(self) -> int:
        """The file descriptor to wait on until there is something to read."""
        return self._reader

    @property
    def closed(self) -> bool:
        """Whether it has been finished or stopped."""
        return self._reader < 0

    def read(self) -> bytes | None:
        """Some bytes; b"" at the end of the output; None if there is nothing to read yet."""
        try:
            return os.read(self._reader, READ_BYTES)
        except BlockingIOError:
            return None

    def finish(self) -> Result:
        """Wait for the end of the program, and release its resources."""
        self._process.wait()
        self._errors.seek(0)
        stderr = command.decoded(self._errors.read())
        self._release()
        return Result(exit_code=self._process.process.exit_code, stdout="", stderr=stderr)

    def stop(self) -> None:
        """End the program now; does nothing if it has ended."""
        if not self.closed:
            end_all([self])

    def _release(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
            self._nothing.close()
            self._errors.close()
            self._reader = -1

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _widen(pipe: int) -> None:
    """Enlarge a pipe's buffer if the kernel can: a fast log is then read in large pieces."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, size, PIPE_BYTES)
