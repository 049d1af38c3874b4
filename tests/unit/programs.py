"""Fake programs on PATH: a test says what they answer, and reads how they were called.

kubectl.on("get", "--raw", "/pods", Answer(events, FOREVER))
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .fakes.program import fits

SCRIPT = Path(__file__).parent / "fakes" / "program.py"


@dataclass(frozen=True)
class Write:
    """Write a text to stdout (a plain text among the parts means this)."""

    write: str


@dataclass(frozen=True)
class Logs:
    """Write logs as `kubectl logs` does: of the pods asked for, from `--since-time` on.

    By name: each pod's rank, and all of its log. Then the gate `log of NAME` is open; with
    `--follow` it ends when `end of NAME` is. With `cut` only so many bytes are written.
    """

    logs: dict[str, tuple[int, str]]
    cut: int = 0


@dataclass(frozen=True)
class Open:
    """Open a gate."""

    open: str


@dataclass(frozen=True)
class Wait:
    """Wait until a gate is open."""

    wait: str


@dataclass(frozen=True)
class Metadata:
    """Write a text to the file that `--metadata-file` names."""

    metadata: str


@dataclass(frozen=True)
class Signal:
    """Send a signal to whoever called."""

    signal: int


FOREVER = Wait("a gate that nobody opens")

Part = str | Write | Logs | Open | Wait | Metadata | Signal


class Answer:
    """What a fake program does, part by part, and how it ends."""

    def __init__(self, *parts: Part, stderr: str = "", exit_code: int = 0) -> None:
        said = [Write(part) if isinstance(part, str) else part for part in parts]
        self.as_json = {
            "parts": [vars(part) for part in said],
            "stderr": stderr,
            "exit_code": exit_code,
        }


@dataclass(frozen=True)
class Call:
    """One call of a fake program."""

    argv: list[str]
    stdin: str
    pid: int
    rule: int | None
    files: dict[str, list[str]] = field(default_factory=dict)
    """What lay in the folder that the last argument named: path → mode and text."""

    def flag(self, name: str) -> str:
        """The value of `name VALUE` or `name=VALUE`."""
        for arg, after in zip(self.argv, [*self.argv[1:], ""], strict=True):
            if arg == name:
                return after
            if arg.startswith(f"{name}="):
                return arg.removeprefix(f"{name}=")
        raise AssertionError(f"{name} is not in {self.argv}")


class Program:
    """A fake program in a folder of PATH."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / f"{name}.fake"
        self._folder.mkdir()
        self._rules: list[dict[str, Any]] = []
        self._calls = self._folder / "calls"
        self._calls.touch()
        self._save()
        self.path = folder / name
        self.path.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -SE "{SCRIPT}" "{self._folder}" "$@"\n'
        )
        self.path.chmod(0o755)

    def on(self, *words_and_answers: str | Answer) -> None:
        """Answer so where each word is an argument: to the first call, the second, … and the rest.

        A word with one of `/?=:%` in it may also be part of an argument. Of several rules that
        fit, the last one counts.
        """
        words = [word for word in words_and_answers if isinstance(word, str)]
        answers = [said.as_json for said in words_and_answers if isinstance(said, Answer)]
        number = len(self._rules)
        self._rules.append({"number": number, "words": words, "answers": answers})
        self._save()

    def open(self, gate: str) -> None:
        """Open a gate."""
        (self._folder / gate).touch()

    @property
    def all_calls(self) -> list[Call]:
        """Every call so far."""
        lines = self._calls.read_text().splitlines()
        return [Call(**ast.literal_eval(line)) for line in lines]

    def calls(self, *words: str) -> list[Call]:
        """The calls that have each of these words in their arguments."""
        return [call for call in self.all_calls if fits(list(words), call.argv)]

    def call(self, *words: str) -> Call:
        """The one call that has these words."""
        [found] = self.calls(*words)
        return found

    @property
    def running(self) -> list[int]:
        """The process ids of calls that have not ended."""
        return [call.pid for call in self.all_calls if self._runs(call.pid)]

    def end(self) -> None:
        """End what still runs."""
        (self._folder / "end").touch()  # for those that are no process (quick_programs.py)
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _save(self) -> None:
        new = self._folder / "answers.new"  # replaced as a whole: a running program may read it
        new.write_text(ascii(self._rules))
        new.replace(self._folder / "answers")

    def _runs(self, pid: int) -> bool:
        """Whether a call still runs: it holds a lock. Its process id may be a stranger's by now."""
        with (self._folder / f"{pid}.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
