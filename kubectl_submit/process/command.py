"""Starts processes; the only importer of sh."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import CommandFailedError, MissingProgramError
from kubectl_submit.process import signals
from kubectl_submit.process.masking import mask
from kubectl_submit.process.program_end import awaited, end_all

log = logging.getLogger(__name__)

READ_BYTES = 1 << 16

# sh must accept every exit code: its own exceptions shorten the output and quote secrets.
ANY_EXIT_CODE = range(-64, 256)


@dataclass(frozen=True, kw_only=True)
class Result:
    """The exit code (negative: a signal) and the output of a finished process."""

    exit_code: int
    stdout: str
    stderr: str


def find(program: str) -> str:
    """The path of a program; MissingProgramError if there is none on PATH."""
    path = shutil.which(program)
    if path is None:
        raise MissingProgramError(
            f"{program} was not found on PATH",
            code=ErrorCode.PROGRAM_NOT_FOUND,
            remedy=f"Install {program}, or put it on PATH.",
        )
    return path


class Running:
    """What both kinds of running programs have in common."""

    _process: Any = None

    def ended(self) -> bool:
        """Whether the program has ended; its output may end slightly earlier."""
        return not self._process.is_alive()

    def ask_to_end(self) -> None:
        """Send SIGTERM, and do not wait."""
        _send(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, and do not wait."""
        _send(self._process, signal.SIGKILL)


class Started(Running):
    """A running program; its output is read once it has ended."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: int | None = None,
        unattended: bool = False,
    ) -> None:
        """`unattended`: it may not prompt, and ending it also ends the programs it started."""
        redirect = {"_out_bufsize": READ_BYTES}
        if output is not None:
            redirect = {"_out": output, "_err": output}
        # While interrupts are held, the terminal's Ctrl-C must not reach the program either.
        apart = unattended or signals.holding()
        try:
            self._start(argv, stdin, apart, {**sh_settings(argv, env, cwd), **redirect})
        except BaseException:
            if self._process is not None:
                end_all([self])
            raise

    def _start(
        self, argv: Sequence[str], stdin: str | None, apart: bool, settings: dict[str, Any]
    ) -> None:
        start = sh_command(argv[0])
        # Handle a signal only once the new process is known, so it can be ended.
        with signals.deferred(), open(os.devnull, "rb") as nothing:
            self._process = start(
                *argv[1:],
                _in=nothing if stdin is None else os.fsencode(stdin),
                _bg=True,
                _bg_exc=False,
                _new_group=apart,
                **settings,
            )
            awaited.add(self)

    def result(self) -> Result:
        """Wait for the end of the program; Ctrl-C ends it, too."""
        try:
            self._process.wait()
        except BaseException:
            end_all([self])
            raise
        finally:
            awaited.discard(self)
        return Result(
            exit_code=self._process.exit_code,
            stdout=decoded(self._process.stdout),
            stderr=decoded(self._process.stderr),
        )

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end of the program, so long at most; whether it has ended."""
        deadline = time.monotonic() + seconds
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.ended()

    def finish(self) -> None:
        """Wait for its end."""
        self._process.wait()
        awaited.discard(self)

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
    """Run a program to its end; `output`: a file descriptor for both of its streams.

    Raises MissingProgramError, and CommandFailedError unless `check` is False.
    """
    result = Started(argv, stdin=stdin, env=env, cwd=cwd, output=output).result()
    if check and result.exit_code != 0:
        raise CommandFailedError(tuple(argv), result.exit_code, result.stdout, result.stderr)
    return result


def sh_command(program: str) -> Any:
    """A callable of sh that starts a program. Raises MissingProgramError."""
    import sh  # takes 60 ms, which --help does not need

    return sh.Command(find(program))


def _send(process: Any, number: signal.Signals) -> None:
    if process.is_alive():
        with contextlib.suppress(ProcessLookupError):
            _signal(process.pid, number)


def _signal(pid: int, number: signal.Signals) -> None:
    """Signal a program, or its whole process group if it leads one.

    `kubectl` may be a wrapper that does not forward signals.
    """
    send = os.killpg if os.getpgid(pid) == pid else os.kill
    send(pid, number)


def sh_settings(
    argv: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None
) -> dict[str, Any]:
    """The settings of sh for every program; also logs the call."""
    log.info("+ %s", shlex.join(mask(argument) for argument in argv))
    return {
        "_env": {**os.environ, **env} if env else None,
        "_cwd": str(cwd) if cwd else None,
        "_tty_out": False,  # on a terminal, programs show colours and progress bars
        "_ok_code": ANY_EXIT_CODE,
    }


def decoded(output: bytes) -> str:
    """A program's output as text; invalid UTF-8 is replaced."""
    return output.decode("utf-8", "replace")
