"""What the user sees."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.output import Output, printable

from .terminal import Terminal


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_printed_moves_no_cursor(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 🎉\n\ttext", "plain ünï 🎉\n\ttext"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\x08\x00", "a\\rb\\x08\\x00"),
        ("a\r\nb", "a\nb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("caf\udce9", "caf\\udce9"),
    ],
)
def test_shows_the_rest_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.status("building")
    output.error("failed\x1b")
    output.job(prefixed=False).warn("may be missing")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "building\nfailed\\x1b\nmay be missing\n")


def test_quiet_leaves_errors(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(quiet=True)
    output.status("building")
    output.build().waiting("queued")
    output.error("failed")
    assert capsys.readouterr().err == "failed\n"


def test_a_reason_to_wait_is_told_once_until_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Output().job(prefixed=False)
    for why in ("queued", "queued", "pulling\x1b", ""):
        lines.waiting(why)
    assert capsys.readouterr().err == "waiting: queued\nwaiting: pulling\\x1b\n"


@pytest.mark.parametrize(
    ("workers", "rank", "data", "shown"),
    [
        (1, 0, b"one\ntwo\n", b"one\ntwo\n"),
        (1, 0, b"\xff\x00\x1b[31m\r50%\n", b"\xff\x00\x1b[31m\r50%\n"),
        (1, 0, b"no end", b"no end"),
        (2, 0, b"one\ntwo\n", b"[0] one\n[0] two\n"),
        (12, 11, b"\n\n", b"[11] \n[11] \n"),
        (2, 1, b"\xff\n", b"[1] \xff\n"),
        (2, 1, b"no end", b"[1] no end\n"),
    ],
)
def test_lines_of_a_job_are_data(
    workers: int, rank: int, data: bytes, shown: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    Output().job(prefixed=workers > 1).lines(rank, data)
    said = capfdbinary.readouterr()
    assert (said.out, said.err) == (shown, b"")


def test_lines_of_a_build_are_no_data(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Output().build().lines(0, b"#1 FROM\n")
    said = capfdbinary.readouterr()
    assert (said.out, said.err) == (b"", b"#1 FROM\n")


def test_quiet_does_not_tell_why_nothing_happens(capsys: pytest.CaptureFixture[str]) -> None:
    Output(quiet=True).waiting("no pod yet")
    assert capsys.readouterr().err == ""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_ranks_have_colours_on_a_terminal_only(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", terminal.stream)
    Output().job(prefixed=True).lines(1, b"one\n")
    monkeypatch.setenv("NO_COLOR", "1")
    Output().job(prefixed=True).lines(1, b"two\n")
    assert terminal.until("two\r\n") == "\x1b[33m[1]\x1b[0m one\r\n[1] two\r\n"


def test_on_a_terminal_the_reason_to_wait_is_a_line_that_goes_away(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    output = Output()
    output.waiting("no pod yet")
    terminal.until("no pod yet")
    output.waiting("pulling [bold]")
    terminal.until("pulling [bold]")
    output.status("ended")
    shown = terminal.until("ended\r\n")
    assert "\x1b[2K" in shown  # the line is erased before another one is written
    output.waiting("")
