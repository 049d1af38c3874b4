"""Each line once and in order, however often a log is cut and read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_submit.following.logs import cursor as resume_module
from kubectl_submit.following.logs.cursor import Cursor, earlier

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


def kubelet(stored: list[bytes], since: str) -> bytes:
    """What it gives of what the runtime has stored: lines and parts of lines.

    Each is stored behind its time. The kubelet leaves out those before `since`, in whole seconds,
    and the time of each that does not begin a line.
    """
    found, begins_line = b"", True
    for piece in stored:
        if piece[:19] >= since[:19].encode():
            found += piece if begins_line else piece.partition(b" ")[2]
        begins_line = piece.endswith(b"\n")
    return found


def read(log: Cursor, stored: list[bytes], reading: Reading | None) -> bytes:
    """Read once, as kubectl would give it; without a cut to the very end."""
    since = log.since
    log.again()
    there = kubelet(stored[: reading.written] if reading else stored, since)
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
# Long lines are stored in parts; the runtime has no empty ones.
PARTS = st.tuples(STEPS, st.sampled_from([b"a", b" b ", b"\xff\r"]))
WRITTEN = st.lists(
    st.one_of(st.tuples(STEPS, TEXTS.map(lambda text: text + b"\n")), PARTS), max_size=12
)


def log_of(written: list[tuple[int, bytes]], zone: str) -> list[bytes]:
    """The lines of a log, and the parts of its long ones, with their times.

    Whole lines may be out of order by a little. The parts of one are never: one writer stores them.
    """
    newest, stored, begins_line = 10**9, list[bytes](), True
    for any_step, text in written:
        ends_line = text.endswith(b"\n")
        step = any_step if begins_line and ends_line else max(any_step, 0)
        begins_line = ends_line
        newest = max(newest, newest + step)
        stored.append(f"{stamp(newest + min(step, 0), zone)} ".encode() + text)
    return stored


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
    stored = log_of(written, zone)
    cursor = Cursor()
    found = b"".join(
        read(cursor, stored, reading)
        for reading in sorted(readings, key=lambda reading: reading.written)
    )
    found += read(cursor, stored, None)
    assert found == b"".join(text for _, text in written)
    assert cursor.gap is None
    assert not cursor.unreadable


def many(count: int) -> tuple[list[bytes], bytes]:
    """More lines in one second than are remembered; every third time is that of the one before."""
    lines = [f"{stamp(10**9 + number - number % 3)} {number}\n".encode() for number in range(count)]
    return lines, b"".join(f"{number}\n".encode() for number in range(count))


@pytest.mark.parametrize("seen", [1, 999, 1500, 2998, 2999])
def test_so_does_each_line_of_a_fast_log(seen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume_module, "REMEMBERED", 100)
    lines, texts = many(3000)
    log = Cursor()
    found = b"".join(log.take(line) for line in lines[:seen])
    assert found + read(log, lines, None) == texts


@pytest.mark.parametrize("name", [name for name in all_runs() if any(Run(name).logs.values())])
def test_recorded_logs_lose_their_times_only(name: str) -> None:
    for text in Run(name).logs.values():
        log = Cursor()
        found = log.take(text.encode()) + log.last()
        assert found.decode() == "\n".join(line[31:] for line in text.split("\n"))


def test_times_can_be_kept() -> None:
    [text] = Run("succeeded").logs.values()
    log = Cursor(keep_times=True)
    assert (log.take(text.encode()) + log.last()).decode() == text


TROUBLE = b"unable to retrieve container logs for containerd://26f897e3ba2034425f5e9ca495e58d6b"


@pytest.mark.parametrize(
    "trouble", [TROUBLE, TROUBLE + b"\n", b"failed to create fsnotify watcher: too many open files"]
)
def test_the_kubelets_own_words_are_no_lines(trouble: bytes) -> None:
    """A log that data/record.py read once was nothing but these words."""
    log = Cursor()
    line = f"{stamp(5)} line\n".encode()
    assert log.take(line + trouble) + log.last() == b"line\n"
    assert log.unreadable
    assert log.since == "2026-11-22T23:59:57Z"
    assert read(log, [line, f"{stamp(9)} next\n".encode()], None) == b"next\n"
    assert not log.unreadable


SECOND = 10**9
PROGRESS = [f"{stamp(number * SECOND)} {number}%\r".encode() for number in range(9)]


def test_the_rest_of_a_long_line_that_was_seen_is_no_trouble() -> None:
    stored = [
        *PROGRESS,
        f"{stamp(9 * SECOND)} 100%\n".encode(),
        f"{stamp(9 * SECOND)} done\n".encode(),
    ]
    log = Cursor()
    assert log.take(kubelet(stored, "")).endswith(b"8%\r100%\ndone\n")
    again = kubelet(stored, log.since)
    assert again.startswith(b"8%\r100%\n20")
    assert read(log, stored, None) == b""
    assert (log.unreadable, log.gap) == (False, None)


def test_a_long_line_that_was_cut_comes_again_from_its_beginning() -> None:
    """Also where a clock was set back, so that it is older than a line before it."""
    stored = [f"{stamp(9 * SECOND)} before\n".encode(), *PROGRESS]
    log = Cursor()
    assert log.take(kubelet(stored, "")) == b"before\n"
    assert log.since == earlier(stamp(0), 1)
    log.again()  # and is cut before anything comes
    assert log.since == earlier(stamp(0), 1)
    stored.append(f"{stamp(10 * SECOND)} 100%\n".encode())
    assert read(log, stored, None) == b"".join(line[31:] for line in stored[1:])
    assert (log.unreadable, log.gap) == (False, None)
    assert log.since == earlier(stamp(9 * SECOND), 1)


def test_what_is_asked_for_later_may_begin_inside_of_a_line() -> None:
    stored = [
        *PROGRESS,
        f"{stamp(9 * SECOND)} 100%\n".encode(),
        f"{stamp(9 * SECOND)} done\n".encode(),
    ]
    log = Cursor(begins_later=True)
    log.again()
    assert log.take(kubelet(stored, stamp(5 * SECOND))) == b"done\n"
    assert not log.unreadable


@pytest.mark.parametrize(
    "trouble",
    [
        TROUBLE,
        b'failed to try resolving symlinks in path "/var/log/pods/team_run-0/main/0.log": lstat',
        b"rpc error: code = Unavailable desc = connection error",
    ],
)
def test_the_kubelets_trouble_is_told_from_the_rest_of_a_line(trouble: bytes) -> None:
    log = Cursor()
    log.take(f"{stamp(0)} line\n".encode())
    log.again()
    assert log.take(trouble + b"\n") == b""
    assert log.unreadable


def test_a_log_that_was_rotated_away_has_a_gap() -> None:
    log = Cursor()
    log.take(f"{stamp(0)} first\n".encode())
    later = [f"{stamp(9 * 10**9)} later\n".encode()]
    assert read(log, later, None) == b"later\n"
    assert log.gap == (stamp(0), stamp(9 * 10**9))


@pytest.mark.parametrize(
    ("ended_well", "later", "whole"),
    [(True, 3, True), (False, 3, False), (True, 10 * 10**9, False)],
)
def test_a_line_that_a_rotation_tore_is_put_together(
    ended_well: bool, later: int, whole: bool
) -> None:
    """As containerd does it: its first part is the end of the old file, the rest begins the new."""
    cursor = Cursor()
    found = cursor.take(f"{stamp(1)} one\n{stamp(2)} tw".encode())
    cursor.again(ended_well=ended_well)
    found += cursor.take(f"{stamp(later)} o\n{stamp(later + 1)} three\n".encode())
    assert found == (b"one\ntwo\nthree\n" if whole else b"one\no\nthree\n")
    assert cursor.gap


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
    log: Any = Cursor()
    assert (log.since, log.newest, log.last()) == ("", "", b"")


@pytest.mark.parametrize(
    ("rest", "new"),
    [
        ("", False),
        (f"{stamp(2)} b", False),
        (f"{stamp(3)} c", True),
        (f"{stamp(2)[:12]}", False),
        ("unable to retrieve container logs for containerd://5ea1", False),
    ],
)
def test_whether_an_unfinished_line_is_new(rest: str, new: bool) -> None:
    log = Cursor()
    log.take(f"{stamp(1)} a\n{stamp(2)} b\n".encode())
    log.again()
    assert log.take(f"{stamp(1)} a\n{rest}".encode()) == b""
    assert log.begins_new_line is new
