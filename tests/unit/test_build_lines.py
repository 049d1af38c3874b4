"""What a person sees of a build."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.output import Output

from .terminal import Terminal

DATA = Path(__file__).parent / "data"
BEGUN = b'#0 building with "x"\n\n#1 [1/2] RUN make\n'


def sample(name: str) -> bytes:
    return (DATA / f"buildkit-{name}.log").read_bytes()


def show(data: bytes, *, failed: bool = False, quiet: bool = False, verbose: bool = False) -> None:
    """Show a build to its end, with its log line by line."""
    with (
        contextlib.suppress(BuildError),
        BuildLines(Output(quiet=quiet, verbose=verbose)).to_the_end() as log,
    ):
        for line in re.findall(rb"[^\n]*\n", data):
            log.lines(0, line)
        if failed:
            raise BuildError("it failed", code=ErrorCode.BUILD_FAILED)


def shown(said: bytes) -> list[str]:
    """The lines on stderr; what was measured here is left out."""
    text = said.decode()
    return re.sub(r"built in [\d.]+ s: ", "built in T s: ", text).splitlines()


def test_a_line_for_each_step_and_where_the_time_went(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    show(sample("copy"))
    said = capfdbinary.readouterr()
    assert said.out == b""
    assert shown(said.err) == [
        "  cached  [base 3/3] RUN echo installing; sleep 3; head -c 20000000 /dev/urandom > /data",
        "  cached  [other 2/2] RUN echo other; sleep 2; echo other2; printf 'a\\rb\\r'; echo; "
        "echo x > /x",
        "  cached  [base 2/3] WORKDIR /app",
        "  cached  [stage-2 1/2] COPY --from=other /x /x (7.2 s unpacking the base)",
        "   0.1 s  [stage-2 2/2] COPY . .",
        "   0.3 s  exporting to image",
        "image: registry.test:5000/submit@sha256:"
        "a84c80361808cdf9342bcdb93fa5914ca4eb56937d0194d5ad8b041601b711fb",
        "built in T s: 4 of 5 steps cached, 0.1 s for the other steps, 7.2 s unpacking the base, "
        "0.3 s push",
        "`COPY . .` had the base unpacked (7.2 s); `COPY --link . .` would not",
    ]


def test_how_the_log_is_cut_into_pieces_does_not_matter(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    for name in ("first", "copy"):
        show(sample(name))
        by_line = shown(capfdbinary.readouterr().err)
        with BuildLines(Output()).to_the_end() as log:
            log.lines(0, sample(name))
        assert shown(capfdbinary.readouterr().err) == by_line


def test_a_step_that_fails_shows_all_that_it_wrote(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    show(sample("fails"), failed=True)
    lines = shown(capfdbinary.readouterr().err)
    error = next(n for n, line in enumerate(lines) if line.startswith("   error  "))
    assert lines[error].endswith("; exit 3")
    assert lines[error + 1] == "  the weather is bad"
    assert lines[error + 2 : error + 18] == [f"  line {n}" for n in range(1, 17)]
    assert lines[error + 18] == "Dockerfile:9"
    assert lines[-1].startswith("ERROR: failed to build: failed to solve: process ")
    assert not any("cached" in line for line in lines[error:])
    show(sample("fails"), failed=True, quiet=True)
    assert shown(capfdbinary.readouterr().err) == lines[error:]


def test_what_runs_when_the_build_is_killed_shows_what_it_wrote(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    show(BEGUN + b"#1 0.1 \x1b[31mworking\x1b[0m\n#1 0.2 \xff\n", failed=True)
    assert capfdbinary.readouterr().err == b"  \x1b[31mworking\x1b[0m\n  \xff\n"


def test_quiet_is_quiet(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    show(b"git says\n" + sample("first") + b"warning: no cache\n", quiet=True)
    assert capfdbinary.readouterr().err == b"warning: no cache\n"


def test_verbose_shows_the_whole_log_and_where_the_time_went(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    show(sample("copy"), verbose=True)
    said = capfdbinary.readouterr().err
    assert said.startswith(sample("copy"))
    assert len(shown(said.removeprefix(sample("copy")))) == 2
    show(sample("fails"), failed=True, verbose=True)
    assert capfdbinary.readouterr().err == sample("fails")


DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"image: registry.test:5000/app@{DIGEST}", f'{{"digest":"{DIGEST}"}}'),
        (f"#7 0.123 image: registry.test:5000/app@{DIGEST}", ""),
        (f" image: app@{DIGEST}", ""),
        (f"image: app@{DIGEST}0", ""),
        (f"image: app@{DIGEST} and more", ""),
        ("image: app:1", ""),
    ],
)
def test_what_was_pushed_is_told_by_the_last_line(line: str, message: str) -> None:
    log = BuildLines(Output(quiet=True))
    log.lines(0, b"#1 [1/1] FROM scratch\n")
    assert log.message() == ""
    log.lines(0, f"{line}\n".encode())
    assert log.message() == message


def test_nothing_was_built(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    show(b"image: a@sha256:1\n")
    assert capfdbinary.readouterr().err == b"image: a@sha256:1\n"


def test_a_log_without_its_beginning_is_shown_as_it_is(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    show(b"#7 DONE 3.1s\n\n#8 [2/2] COPY . .\n")
    assert capfdbinary.readouterr().err == b"#7 DONE 3.1s\n\n#8 [2/2] COPY . .\n"


def test_a_step_is_told_once_however_often_its_layers_are_pulled(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    again = b"#1 [1/2] RUN make\n#1 extracting sha256:" + b"7f" * 32 + b" 2.0s done\n#1 DONE 2.1s\n"
    show(BEGUN + b"#1 CACHED\n#2 [2/2] RUN test\n" + again + b"#2 [2/2] RUN test\n#2 DONE 1.0s\n")
    assert shown(capfdbinary.readouterr().err) == [
        "  cached  [1/2] RUN make",
        "   1.0 s  [2/2] RUN test",
        "built in T s: 1 of 2 steps cached, 1.0 s for the other steps, 2.1 s unpacking the base",
    ]


def test_where_no_terminal_shows_it_a_long_step_is_told_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    log = BuildLines(Output())
    now[0] += 50  # until it begins
    log.lines(0, BEGUN + b"#1 0.1 cc main.c\n")
    for _ in range(100):
        now[0] += 1
        log.waiting("")
    assert capsys.readouterr().err.splitlines() == [
        "  10.0 s  [1/2] RUN make (still running)",
        "  30.0 s  [1/2] RUN make (still running)",
        "  70.0 s  [1/2] RUN make (still running)",
    ]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    yield made
    made.close()


def test_on_a_terminal_what_runs_is_drawn(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    terminal.resize(24, 40)
    output = Output()
    log = BuildLines(output)
    log.lines(0, BEGUN + b"#1 0.1 10%\r\x1b[31m[bold] red\x1b[0m " + b"x" * 50 + b"\r\n")
    first = terminal.until("...")
    assert " s  [1/2] RUN make\r\n          [bold] red xxx" in first
    log.lines(0, b"#1 DONE 3.1s\n#2 [2/2] COPY . .\n")
    told = terminal.until("COPY . .")
    assert "\x1b[2K" in told  # what was drawn is erased first
    assert "   3.1 s  [1/2] RUN make\r\n" in told
    output.clear()
    assert "\x1b[2K" in terminal.until("\x1b[?25h")  # the cursor is back


@pytest.mark.parametrize("variable", ["TERM", "NO_COLOR"])
def test_a_poor_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """No cursor moves on a terminal that is dumb; no colours where none are wanted."""
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    monkeypatch.setenv(variable, "dumb")
    log = BuildLines(Output())
    log.lines(0, BEGUN + b"#1 0.1 hi\n")
    log.lines(0, b"#1 DONE 3.1s\n#2 [2/2] COPY . .\n#2 DONE 0.1s\ngit says\n")
    told = terminal.until("git says\r\n")
    assert not re.search(r"\x1b\[[\d;]*m", told)
    assert ("\x1b" in told) == (variable == "NO_COLOR")
