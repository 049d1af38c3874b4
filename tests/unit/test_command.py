"""Starts real processes."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import CommandFailedError, MissingProgramError
from kubectl_submit.process import command
from kubectl_submit.process.masking import mask
from kubectl_submit.process.program_end import end_the_rest
from kubectl_submit.process.stream import Stream
from tests.errors import raises_code

from .programs import FOREVER, Answer, Program, Signal

pytestmark = pytest.mark.usefixtures("through_sh")


@pytest.fixture
def tool(tmp_path: Path) -> Program:
    return Program(tmp_path / "bin", "tool")


def test_these_tests_can_reach_nothing_of_this_machine() -> None:
    assert shutil.which("git")
    for program in ("kubectl", "docker", "sh", "python3", "ssh"):
        assert shutil.which(program) is None
    assert os.environ["KUBECONFIG"] == os.devnull
    assert not (Path.home() / ".kube").exists()


def test_runs_a_program(tool: Program) -> None:
    tool.on("a", Answer("out ünï\n", stderr="err\n"))
    assert command.run(["tool", "a", "b c", "", "$x", "--", "ü"]) == command.Result(
        exit_code=0, stdout="out ünï\n", stderr="err\n"
    )
    assert tool.all_calls[0].argv == ["a", "b c", "", "$x", "--", "ü"]
    assert tool.all_calls[0].stdin == ""


def test_gives_a_program_its_input(tool: Program) -> None:
    tool.on(Answer())
    text = "two lines\nünï 🎉" * 100_000
    command.run(["tool"], stdin=text)
    assert tool.all_calls[0].stdin == text


def test_output_of_any_size_is_whole(tool: Program) -> None:
    tool.on(Answer("x" * 3_000_000, stderr="y" * 300_000, exit_code=3))
    result = command.run(["tool"], check=False)
    assert (len(result.stdout), len(result.stderr)) == (3_000_000, 300_000)
    with pytest.raises(CommandFailedError) as failed:
        command.run(["tool"])
    assert len(failed.value.stderr) == 300_000


def test_output_that_is_no_text_is_read_nevertheless(tool: Program) -> None:
    tool.on(Answer("caf\udce9\n"))
    assert command.run(["tool"]).stdout == "caf\ufffd\n"


def test_a_program_that_fails(tool: Program) -> None:
    tool.on(Answer("out\n", stderr="err\n", exit_code=7))
    assert command.run(["tool"], check=False).exit_code == 7
    with pytest.raises(CommandFailedError) as failed:
        command.run(["tool", "secret"])
    assert failed.value.program_exit_code == 7
    assert str(failed.value) == "tool exited 7\nerr"


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    killed = tmp_path / "bin" / "killed"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    assert command.run(["killed"], check=False).exit_code == -signal.SIGKILL


def test_a_program_that_does_not_read_its_input(tmp_path: Path) -> None:
    deaf = tmp_path / "bin" / "deaf"
    deaf.write_text("#!/bin/sh\nexec <&-\nexit 4\n")
    deaf.chmod(0o755)
    assert command.run(["deaf"], stdin="x" * 1_000_000, check=False).exit_code == 4


def test_a_program_that_is_missing() -> None:
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError) as missing:
        command.run(["tool"])
    assert missing.value.message == "tool was not found on PATH"
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError):
        Stream(["tool"])


def test_a_program_gets_our_environment_and_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = tmp_path / "bin" / "show"
    show.write_text('#!/bin/sh\necho "$A $B $PWD"\n')
    show.chmod(0o755)
    monkeypatch.setenv("A", "ours")
    monkeypatch.setenv("B", "ours")
    assert command.run(["show"]).stdout.startswith("ours ours ")
    result = command.run(["show"], env={"B": "more"}, cwd=tmp_path / "home")
    assert result.stdout == f"ours more {tmp_path}/home\n"


def test_a_program_has_no_terminal(tmp_path: Path) -> None:
    asks = tmp_path / "bin" / "asks"
    asks.write_text("#!/bin/sh\nfor n in 0 1 2; do test -t $n && echo $n; done; exit 0\n")
    asks.chmod(0o755)
    assert command.run(["asks"]).stdout == ""


def test_output_can_go_elsewhere(tool: Program, capfd: pytest.CaptureFixture[str]) -> None:
    tool.on(Answer("out\n", stderr="err\n"))
    result = command.run(["tool"], output=2)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "out\nerr\n")
    assert (result.stdout, result.stderr) == ("", "")


def test_an_interrupt_ends_the_program(tool: Program) -> None:
    tool.on(Answer(Signal(signal.SIGINT.value), FOREVER))
    with pytest.raises(KeyboardInterrupt):
        command.run(["tool"])
    assert len(tool.all_calls) == 1
    assert tool.running == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("--token=s3cret --x", "--token=*** --x"),
        ("--password=s3cret", "--password=***"),
        ("https://me:s3cret@host/x", "https://***@host/x"),
        ("https://host/x", "https://host/x"),
        ("--tokens 3", "--tokens 3"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_commands_are_logged_as_they_can_be_typed(
    tool: Program, caplog: pytest.LogCaptureFixture
) -> None:
    tool.on(Answer())
    with caplog.at_level(logging.INFO, "kubectl_submit"):
        command.run(["tool", "two words", "--token=s3cret", "https://me:s3cret@host"])
    assert caplog.messages[0].startswith("+ tool 'two words' ")
    assert "s3cret" not in caplog.text


def test_what_nobody_waits_for_any_more_is_ended(tool: Program) -> None:
    """As where one of several questions has failed."""
    tool.on("answered", Answer())
    tool.on("left", Answer(FOREVER))
    left, answered = command.Started(["tool", "left"]), command.Started(["tool", "answered"])
    assert answered.result().exit_code == 0
    end_the_rest()
    assert left.ended()
