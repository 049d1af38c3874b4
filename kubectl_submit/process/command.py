"""Starts processes; the only importer of sh."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import shlex
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from kubectl_submit.errors import CommandFailedError, MissingProgramError
from kubectl_submit.process import signals
from kubectl_submit.process.program_end import end_all

log = logging.getLogger(__name__)

PIPE_BYTES = 1 << 20
READ_BYTES = 1 << 16

# Every exit code is "ok" to sh: its own exceptions cut the output and quote secrets.
ANY_EXIT_CODE = range(-64, 256)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a finished process left: its exit code (negative: the signal) and its output."""

    exit_code: int
    stdout: str
    stderr: str


def find(program: str) -> str:
    """The path of a program; MissingProgramError if there is none on PATH."""
    path = shutil.which(program)
    if path is None:
        raise MissingProgramError(
            f"{program} was not found on PATH", remedy=f"Install {program}, or put it on PATH."
        )
    return path


class _Running:
    """What both kinds of running programs can be asked."""

    _process: Any = None

    def ended(self) -> bool:
        """Whether the program has ended; its output may end a little sooner."""
        return not self._process.is_alive()

    def ask_to_end(self) -> None:
        """Send SIGTERM, and do not wait."""
        _send(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, and do not wait."""
        _send(self._process, signal.SIGKILL)


class Started(_Running):
    """A running program whose output is of interest only as a whole."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: int | None = None,
    ) -> None:
        redirect = {"_out_bufsize": READ_BYTES}
        if output is not None:
            redirect = {"_out": output, "_err": output}
        # What must not be interrupted is out of reach of the terminal's Ctrl-C, too.
        apart = signals.holding()
        try:
            self._start(argv, stdin, apart, {**_settings(argv, env, cwd), **redirect})
        except BaseException:
            if self._process is not None:
                end_all([self])
            raise

    def _start(
        self, argv: Sequence[str], stdin: str | None, apart: bool, settings: dict[str, Any]
    ) -> None:
        command = _command(argv[0])
        # A signal that comes now is handled once it is known which process there is to end.
        with signals.deferred(), open(os.devnull, "rb") as nothing:
            self._process = command(
                *argv[1:],
                _in=nothing if stdin is None else os.fsencode(stdin),
                _bg=True,
                _bg_exc=False,
                _new_group=apart,
                **settings,
            )

    def result(self) -> Result:
        """Wait for its end; an interrupt of ours ends it, too."""
        try:
            self._process.wait()
        except BaseException:
            end_all([self])
            raise
        return Result(
            exit_code=self._process.exit_code,
            stdout=_text(self._process.stdout),
            stderr=_text(self._process.stderr),
        )

    def finish(self) -> None:
        """Wait for its end."""
        self._process.wait()

    def stop(self) -> None:
        """End it now; does nothing if it has ended."""
        end_all([self])


def run(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: int | None = None,
    check: bool = True,
) -> Result:
    """Run a program to its end; with `output` (a file descriptor) it writes there, both streams.

    Raises MissingProgramError, and CommandFailedError unless `check` is False.
    """
    result = Started(argv, stdin=stdin, env=env, cwd=cwd, output=output).result()
    if check and result.exit_code != 0:
        raise CommandFailedError(tuple(argv), result.exit_code, result.stdout, result.stderr)
    return result


class Stream(_Running):
    """A running program whose stdout is read as it comes, without blocking.

    It runs in a process group of its own, so that a Ctrl-C on the terminal reaches only us.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self.argv = tuple(argv)
        self._reader, writer = os.pipe()
        _widen(self._reader)
        os.set_blocking(self._reader, False)
        self._nothing = open(os.devnull, "rb")  # noqa: SIM115 (closed by _release)
        # A file: sh would read a pipe in a thread that wakes up ten times a second.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _release)
        try:
            command = _command(argv[0])
            # A signal that comes now is handled once it is known which process there is to end.
            with signals.deferred():
                self._process = command(
                    *argv[1:],
                    _in=self._nothing,
                    _out=writer,
                    _err=self._errors,
                    _bg=True,
                    _bg_exc=False,
                    _new_group=True,
                    **_settings(argv, env, None),
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
        """Some bytes; b"" at the end of the output; None if nothing has come yet."""
        try:
            return os.read(self._reader, READ_BYTES)
        except BlockingIOError:
            return None

    def finish(self) -> Result:
        """Wait for the end of the program (its output has ended) and release it."""
        self._process.wait()
        self._errors.seek(0)
        stderr = _text(self._errors.read())
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


def mask(text: str) -> str:
    """The text without the values of `--token=…`, `--password=…` and the passwords in URLs."""
    text = re.sub(r"(--(?:token|password)=)\S+", r"\1***", text)
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)


def _command(program: str) -> Any:
    import sh  # costs 60 ms: not for --help

    return sh.Command(find(program))


def _send(process: Any, number: signal.Signals) -> None:
    if process.is_alive():
        with contextlib.suppress(ProcessLookupError):
            _signal(process.pid, number)


def _signal(pid: int, number: signal.Signals) -> None:
    """Signal a program; with all it has started, where it has a process group of its own.

    `kubectl` may be a wrapper that does not hand signals on.
    """
    send = os.killpg if os.getpgid(pid) == pid else os.kill
    send(pid, number)


def _settings(
    argv: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None
) -> dict[str, Any]:
    log.info("+ %s", shlex.join(mask(argument) for argument in argv))
    return {
        "_env": {**os.environ, **env} if env else None,
        "_cwd": str(cwd) if cwd else None,
        "_tty_out": False,  # a terminal would turn on colours and progress bars
        "_ok_code": ANY_EXIT_CODE,
    }


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")


def _widen(pipe: int) -> None:
    """Give a pipe more room where the kernel can, so that a fast log is read in large pieces."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, size, PIPE_BYTES)
