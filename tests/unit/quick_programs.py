"""Starts programs as command.py does, at a tenth of the price: for tests of what they are used for.

sh forks all of the test's own process for each program. Here a real program is started by
`subprocess`, which does not, and a fake one (programs.py) answers in a thread.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any

from kubectl_submit.process import command

from .fakes import program

# Above all process ids that a kernel gives.
NUMBERS = itertools.count(10_000_000)

_answering: dict[int, FakeProcess] = {}


class RealProcess:
    """A process, as far as command.py asks sh about it."""

    def __init__(
        self,
        argv: list[str],
        files: tuple[Any, Any, Any],
        *,
        apart: bool,
        env: dict[str, str] | None,
        cwd: str | None,
        keep_open: Collection[int],
    ) -> None:
        stdin, out, err = files
        self._popen = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=out,
            stderr=err,
            env=env,
            cwd=cwd,
            start_new_session=apart,
            pass_fds=keep_open,
        )
        self.pid = self._popen.pid

    def poll(self) -> int | None:
        return self._popen.poll()

    def wait(self) -> int:
        return self._popen.wait()


class FakeProcess(program.Process):
    """A fake program that answers in a thread; signals are what ends its waiting."""

    def __init__(self, folder: str, argv: list[str], files: tuple[IO[bytes], Any, Any]) -> None:
        stdin, out, err = files
        super().__init__(
            next(NUMBERS), os.getpid(), os.dup(_number_of(out)), os.dup(_number_of(err))
        )
        self._exit_code = 1
        self._folder = folder
        self._stdin = stdin.read()
        self._ended_by = 0
        self._thread = threading.Thread(target=self._answer, args=(argv,), daemon=True)
        _answering[self.pid] = self
        self._thread.start()

    def poll(self) -> int | None:
        return None if self._thread.is_alive() else self._exit_code

    def wait(self) -> int:
        self._thread.join()
        return self._exit_code

    def signal(self, number: int) -> None:
        """End it."""
        self._ended_by = self._ended_by or number

    def ended(self) -> bool:
        return bool(self._ended_by) or os.path.exists(f"{self._folder}/end")

    def write(self, data: bytes) -> int:
        if not select.select([], [self.stdout], [], 0.02)[1]:
            return 0  # nobody reads; it may be ended meanwhile
        return os.write(self.stdout, data[: select.PIPE_BUF])

    def _answer(self, argv: list[str]) -> None:
        try:
            self._exit_code = program.main(self._folder, argv, self._stdin, self)
        except program.EndedError:
            self._exit_code = -(self._ended_by or signal.SIGKILL)
        except BrokenPipeError:
            self._exit_code = 1
        finally:
            os.close(self.stdout)
            os.close(self.stderr)
            _answering.pop(self.pid, None)


class Handle:
    """What sh gives for a program in the background."""

    def __init__(self, process: RealProcess | FakeProcess, out: Any, err: Any) -> None:
        self.process = self
        self.pid = process.pid
        self._process = process
        self._out = out
        self._err = err

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> None:
        self._process.wait()

    @property
    def exit_code(self) -> int:
        return self._process.wait()

    @property
    def stdout(self) -> bytes:
        return _content(self._out)

    @property
    def stderr(self) -> bytes:
        return _content(self._err)


def quick_command(name: str) -> Callable[..., Handle]:
    """In place of command.sh_command: what starts this program."""
    path = command.find(name)

    def start(*argv: str, _in: Any, **settings: Any) -> Handle:
        out = settings.get("_out") or tempfile.TemporaryFile()  # noqa: SIM115 (read at the end)
        err = settings.get("_err") or tempfile.TemporaryFile()  # noqa: SIM115 (read at the end)
        with _as_file(_in) as stdin:
            if Path(f"{path}.fake").is_dir():
                fake = FakeProcess(f"{path}.fake", list(argv), (stdin, out, err))
                return Handle(fake, out, err)
            real = RealProcess(
                [path, *argv],
                (stdin, out, err),
                apart=settings["_new_group"],
                env=settings["_env"],
                cwd=settings["_cwd"],
                keep_open=settings.get("_pass_fds", ()),
            )
            return Handle(real, out, err)

    return start


def quick_signal(real: Callable[[int, signal.Signals], None]) -> Callable[[int, Any], None]:
    """In place of command._signal."""

    def send(pid: int, number: signal.Signals) -> None:
        if pid in _answering:
            _answering[pid].signal(number)
        else:
            real(pid, number)

    return send


@contextlib.contextmanager
def _as_file(given: bytes | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(given, bytes):
        yield given
        return
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        yield file


def _number_of(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())


def _content(file: Any) -> bytes:
    if isinstance(file, int):
        return b""  # it went where the caller said
    file.seek(0)
    return bytes(file.read())
