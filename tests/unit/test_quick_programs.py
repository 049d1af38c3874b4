"""What is started quickly for other tests behaves as what sh starts."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import MissingProgramError
from kubectl_submit.process import command
from kubectl_submit.process.stream import Stream
from tests.errors import raises_code

from .programs import FOREVER, Answer, Program, Wait
from .quick_programs import quick_command, quick_signal

pytestmark = pytest.mark.usefixtures("through_sh")


@pytest.fixture(params=["sh", "quick"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "quick":
        monkeypatch.setattr(command, "sh_command", quick_command)
        monkeypatch.setattr(command, "_signal", quick_signal(command._signal))


@pytest.fixture(params=["fake", "real"])
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Program | None:
    """A program that says `out`, says `err` on stderr and exits 7: a fake, or a script."""
    if request.param == "fake":
        program = Program(tmp_path / "bin", "tool")
        program.on(Answer("out\n", stderr="err\n", exit_code=7))
        return program
    script = tmp_path / "bin" / "tool"
    script.write_text("#!/bin/sh\necho out; echo err >&2; exit 7\n")
    script.chmod(0o755)
    return None


def test_a_result(tool: Program | None) -> None:
    result = command.run(["tool", "a", "b"], stdin="given", check=False)
    assert result == command.Result(exit_code=7, stdout="out\n", stderr="err\n")
    if tool:
        assert (tool.call().argv, tool.call().stdin) == (["a", "b"], "given")


@pytest.mark.usefixtures("tool")
def test_a_stream() -> None:
    stream, read = Stream(["tool"]), b""
    while (data := stream.read()) != b"":
        read += data or b""
        time.sleep(0.001)
    assert read == b"out\n"
    assert stream.finish() == command.Result(exit_code=7, stdout="", stderr="err\n")


@pytest.mark.parametrize("part", [FOREVER, "x" * (3 << 20)], ids=["silent", "unread"])
def test_one_that_is_ended(part: str | Wait, tmp_path: Path) -> None:
    program = Program(tmp_path / "bin", "tool")
    program.on(Answer(part))
    stream = Stream(["tool"])
    while not program.running:
        time.sleep(0.005)
    stream.stop()
    assert stream.closed
    assert program.running == []


def test_one_that_a_signal_ended(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "tool"
    script.write_text("#!/bin/sh\nkill -TERM $$\n")
    script.chmod(0o755)
    assert command.run(["tool"], check=False).exit_code == -signal.SIGTERM


def test_one_that_is_missing() -> None:
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError):
        command.run(["tool"])
