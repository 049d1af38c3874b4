"""Each line once and in order, however often a log is cut and read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_submit.logs import resume as resume_module
from kubectl_submit.logs.resume import Resume, earlier

from .fakes.program import since
from .samples import Run, all_runs

START = datetime(2026, 11, 22, 23, 59, 58, tzinfo=timezone.utc)


def stamp(nanoseconds: int, zone: str = "Z") -> str:
    """A time some nanoseconds after the start, as the kubelet writes it."""
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = START + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09}{zone}"


@dataclass(frozen=True)
class Reading:
    """One attempt to read a log: what has been written by then, and what comes of it."""

    written: int
    cut: int
    pieces: tuple[int, ...]


def read(log: Resume, lines: list[bytes], reading: Reading | None) -> bytes:
    """Read once, as kubectl would give it; without a cut to the very end."""
    argv = [f"--since-time={log.since}"] if log.since else []
    log.again()
    there = b"".join(since(b"".join(lines[: reading.written] if reading else lines), argv))
    there = there[: reading.cut] if reading else there
    found = b""
    for size in reading.pieces if reading else ():
        found += log.take(there[:size])
        there = there[size:]
    found += log.take(there)
    return found if reading else found + log.last()


# Writers are out of step by microseconds; times may be equal, and pauses long.
STEPS = st.sampled_from([0, 0, 1, -5000, 5000, 300_000_000, 1_000_000_000, 5_000_000_000])
TEXTS = st.sampled_from([b"", b"a", b" b ", b"\xff\r"])
WRITTEN = st.lists(st.tuples(STEPS, TEXTS), max_size=12)


def log_of(written: list[tuple[int, bytes]], zone: str) -> list[bytes]:
    """The lines of a log with their times; the last one lacks its end."""
    newest, lines = 10**9, []
    for step, text in written:
        newest = max(newest, newest + step)
        lines.append(f"{stamp(newest + min(step, 0), zone)} ".encode() + text + b"\n")
    return [*lines[:-1], *(line[:-1] for line in lines[-1:])]


READINGS = st.lists(
    st.builds(
        Reading,
        written=st.integers(0, 12),
        cut=st.integers(0, 400),
        pieces=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    ),
    max_size=5,
)


@settings(max_examples=120)
@given(WRITTEN, st.sampled_from(["Z", "+05:30"]), READINGS)
def test_each_line_comes_once_and_in_order(
    written: list[tuple[int, bytes]], zone: str, readings: list[Reading]
) -> None:
    lines = log_of(written, zone)
    resume = Resume()
    found = b"".join(
        read(resume, lines, reading)
        for reading in sorted(readings, key=lambda reading: reading.written)
    )
    found += read(resume, lines, None)
    assert found == b"\n".join(text for _, text in written)
    assert resume.gap is None
    assert not resume.unreadable


def many(count: int) -> tuple[list[bytes], bytes]:
    """More lines in one second than are remembered; every third time is that of the one before."""
    lines = [f"{stamp(10**9 + number - number % 3)} {number}\n".encode() for number in range(count)]
    return lines, b"".join(f"{number}\n".encode() for number in range(count))


@pytest.mark.parametrize("seen", [1, 999, 1500, 2998, 2999])
def test_so_does_each_line_of_a_fast_log(seen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume_module, "REMEMBERED", 100)
    lines, texts = many(3000)
    log = Resume()
    found = b"".join(log.take(line) for line in lines[:seen])
    assert found + read(log, lines, None) == texts


@pytest.mark.parametrize("name", [name for name in all_runs() if any(Run(name).logs.values())])
def test_recorded_logs_lose_their_times_only(name: str) -> None:
    for text in Run(name).logs.values():
        log = Resume()
        found = log.take(text.encode()) + log.last()
        assert found.decode() == "\n".join(line[31:] for line in text.split("\n"))


def test_times_can_be_kept() -> None:
    [text] = Run("succeeded").logs.values()
    log = Resume(keep_times=True)
    assert (log.take(text.encode()) + log.last()).decode() == text


TROUBLE = b"unable to retrieve container logs for containerd://26f897e3ba2034425f5e9ca495e58d6b"


@pytest.mark.parametrize(
    "trouble", [TROUBLE, TROUBLE + b"\n", b"failed to create fsnotify watcher: too many open files"]
)
def test_the_kubelets_own_words_are_no_lines(trouble: bytes) -> None:
    """A log that data/record.py read once was nothing but these words."""
    log = Resume()
    line = f"{stamp(5)} line\n".encode()
    assert log.take(line + trouble) + log.last() == b"line\n"
    assert log.unreadable
    assert log.since == "2026-11-22T23:59:57Z"
    assert read(log, [line, f"{stamp(9)} next\n".encode()], None) == b"next\n"
    assert not log.unreadable


def test_a_log_that_was_rotated_away_has_a_gap() -> None:
    log = Resume()
    log.take(f"{stamp(0)} first\n".encode())
    later = [f"{stamp(9 * 10**9)} later\n".encode()]
    assert read(log, later, None) == b"later\n"
    assert log.gap == (stamp(0), stamp(9 * 10**9))


@pytest.mark.parametrize(
    ("moment", "seconds", "before"),
    [
        ("2026-11-22T17:00:00.123456789Z", 1, "2026-11-22T16:59:59Z"),
        ("2026-11-22T00:00:00.000000000+05:30", 1, "2026-11-21T23:59:59+05:30"),
        ("2027-01-01T00:00:04Z", 5, "2026-12-31T23:59:59Z"),
    ],
)
def test_the_time_before(moment: str, seconds: int, before: str) -> None:
    assert earlier(moment, seconds) == before


def test_a_new_log_is_read_from_its_beginning() -> None:
    log: Any = Resume()
    assert (log.since, log.newest, log.last()) == ("", "", b"")
