"""Streams: running programs that are read as they write."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import MissingProgramError
from kubectl_submit.process import command
from kubectl_submit.process.stream import Stream
from tests.errors import raises_code

from .programs import FOREVER, Answer, Open, Program, Wait

pytestmark = pytest.mark.usefixtures("through_sh")


@pytest.fixture
def tool(tmp_path: Path) -> Program:
    return Program(tmp_path / "bin", "tool")


def read_all(stream: Stream) -> bytes:
    """Everything that a stream gives, without waiting but for more."""
    read = b""
    while True:
        select.select([stream], [], [])
        data = stream.read()
        if data == b"":
            return read
        read += data or b""


def test_a_stream_gives_what_there_is(tool: Program) -> None:
    tool.on(Answer("first\n", Wait("more"), "caf\udce9\n", stderr="err\n", exit_code=3))
    with Stream(["tool"]) as stream:
        select.select([stream], [], [])
        assert stream.read() == b"first\n"
        assert stream.read() is None
        tool.open("more")
        assert read_all(stream) == b"caf\xe9\n"
        result = stream.finish()
        assert (result.exit_code, result.stderr) == (3, "err\n")
        assert stream.closed


def test_a_stream_loses_nothing(tool: Program) -> None:
    text = "".join(f"{number}\n" for number in range(300_000))
    tool.on(Answer(text))
    with Stream(["tool"]) as stream:
        assert read_all(stream).decode() == text


def test_a_stream_that_is_stopped_leaves_nothing(tool: Program) -> None:
    tool.on(Answer("first\n", FOREVER))
    with Stream(["tool"]) as stream:
        select.select([stream], [], [])
        assert len(tool.running) == 1
    assert tool.running == []
    stream.stop()


def test_a_stream_is_not_interrupted_with_us(tool: Program) -> None:
    tool.on(Answer(Open("started"), "x", FOREVER))
    with Stream(["tool"]) as stream:
        select.select([stream], [], [])
        [pid] = tool.running
        assert os.getpgid(pid) != os.getpgid(os.getpid())


def test_streams_leave_no_open_files(tool: Program) -> None:
    tool.on(Answer("x"))
    command.run(["tool"])
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    for _ in range(3):
        with Stream(["tool"]) as stream:
            read_all(stream)
            stream.finish()
        with Stream(["tool"]):
            pass
        with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError):
            Stream(["no-tool"])
        command.run(["tool"])
    after = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    assert after == before


def test_a_stream_has_no_terminal(tmp_path: Path) -> None:
    asks = tmp_path / "bin" / "asks"
    asks.write_text("#!/bin/sh\nfor n in 0 1 2; do test -t $n && echo $n; done; exit 0\n")
    asks.chmod(0o755)
    with Stream(["asks"]) as stream:
        assert read_all(stream) == b""


def test_what_a_wrapper_has_started_ends_with_it(tool: Program, tmp_path: Path) -> None:
    """It waits for the program, and does not hand signals on."""
    tool.on(Answer("first\n", FOREVER))
    wrapper = tmp_path / "bin" / "wrapper"
    wrapper.write_text('#!/bin/sh\ntool "$@"\nexit\n')
    wrapper.chmod(0o755)
    with Stream(["wrapper"]) as stream:
        select.select([stream], [], [])
        assert tool.running
    while tool.running:  # the kernel ends it soon after the wrapper
        time.sleep(0.01)
