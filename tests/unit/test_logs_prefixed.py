"""Whose line it is, and who is read together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.batches import (
    GROUP_SIZE,
    MOST_GROUPS,
    arrange,
    group_size,
    to_join,
)
from kubectl_submit.following.logs.events import Close, Closed, Deleted, Opened
from kubectl_submit.following.logs.phases import Phase, State
from kubectl_submit.following.logs.prefixed import Prefixed, Split
from kubectl_submit.following.logs.worker import PodLog

PODS = ("run-0-abcde", "run-1-fghij")
LINES = st.lists(st.tuples(st.sampled_from(PODS), st.binary(max_size=6)), max_size=8)


@given(LINES, st.lists(st.integers(1, 60)))
def test_lines_go_to_their_pods(written: list[tuple[str, bytes]], sizes: list[int]) -> None:
    lines = [(pod, text.replace(b"\n", b"") + b"\n") for pod, text in written]
    data = b"".join(b"[pod/%s/main] %s" % (pod.encode(), text) for pod, text in lines)
    prefixed = Prefixed(frozenset(PODS))
    found = dict.fromkeys(PODS, b"")
    for size in [*sizes, len(data)]:
        split = prefixed.take(data[:size])
        data = data[size:]
        assert split.mixed == []
        for pod, text in split.lines.items():
            found[pod] += text
    assert prefixed.last().lines == {}
    assert found == {pod: b"".join(text for of, text in lines if of == pod) for pod in PODS}


def test_a_last_line_without_an_end() -> None:
    prefixed = Prefixed(frozenset(PODS))
    assert prefixed.take(b"[pod/run-0-abcde/main] no end").lines == {}
    assert prefixed.last().lines == {"run-0-abcde": b"no end"}


def test_lines_that_ran_into_each_other_are_left_out() -> None:
    """One pod's last line without an end, and another pod's line right behind it."""
    split = Prefixed(frozenset(PODS)).take(
        b"[pod/run-0-abcde/main] one\n"
        b"[pod/run-0-abcde/main] no end[pod/run-1-fghij/main] two\n"
        b"[pod/run-1-fghij/main] three\n"
    )
    assert split.mixed == [PODS]
    assert split.lines == {"run-0-abcde": b"one\n", "run-1-fghij": b"three\n"}


def test_more_than_two_lines_may_run_into_each_other() -> None:
    pods = ("run-0", "run-1", "run-2")
    data = b"".join(b"[pod/%s/main] no end" % pod.encode() for pod in pods)
    prefixed = Prefixed(frozenset(pods))
    assert prefixed.take(data) == Split()
    assert prefixed.last() == Split(mixed=[("run-0", "run-1"), ("run-0", "run-2")])


def test_what_looks_like_another_pod_is_text() -> None:
    line = b"[pod/other/main] [pod/x] [pod/run-1/main]\n"
    split = Prefixed(frozenset(PODS)).take(b"[pod/run-0-abcde/main] " + line)
    assert (split.mixed, split.lines) == ([], {"run-0-abcde": line})


def workers(count: int, *, ended: bool = False, alone: bool = False) -> list[PodLog]:
    """The logs of so many workers, which nobody reads."""
    state = State(phase=Phase.UNREAD if ended else Phase.IDLE)
    return [PodLog(f"run-{rank}", rank, state=state, alone=alone) for rank in range(count)]


@pytest.mark.parametrize("count", [1, 16, 90, 400, 2000])
def test_a_few_programs_read_any_number_of_workers(count: int) -> None:
    found = arrange(workers(count), group_size(count), room=4)
    assert sum(len(group) for group in found) == count
    assert len(found) <= 2 * MOST_GROUPS + 1


def test_who_has_ended_is_read_apart_from_who_runs() -> None:
    run, ended, alone = workers(2), workers(2, ended=True), workers(2, alone=True)
    found = arrange([*run, *ended, *alone], GROUP_SIZE, room=4)
    assert sorted(map(len, found)) == [1, 1, 2, 2]
    assert run in found
    assert ended in found


def test_who_has_ended_waits_for_room() -> None:
    run, ended = workers(1), workers(GROUP_SIZE + 1, ended=True)
    alone = workers(1, alone=True, ended=True)
    assert arrange([*run, *ended, *alone], GROUP_SIZE, room=0) == [run]
    assert [len(one) for one in arrange([*ended, *alone], GROUP_SIZE, room=2)] == [1, GROUP_SIZE]


def groups(*sizes: int, final: bool = False) -> list[Batch]:
    return [Batch({worker.pod: worker for worker in workers(size)}, final=final) for size in sizes]


def test_newcomers_join_the_smallest_group_once_there_are_many() -> None:
    many = groups(*[9] * (MOST_GROUPS - 1), 2)
    assert len(to_join(many, newcomers=3, size=GROUP_SIZE)) == 2
    assert to_join(many[1:], newcomers=3, size=GROUP_SIZE) == []
    assert to_join(many, newcomers=0, size=GROUP_SIZE) == []
    assert to_join(many, newcomers=GROUP_SIZE, size=GROUP_SIZE) == []
    assert to_join([*many[1:], *groups(1, final=True)], newcomers=3, size=GROUP_SIZE) == []
    ending = Batch({"run-0": workers(1, ended=True)[0]}, final=False)
    assert to_join([*many[1:], ending], newcomers=3, size=GROUP_SIZE) == []


def test_a_worker_is_read_from_a_little_before_its_start() -> None:
    worker = PodLog("run-0", 0, "2026-11-22T18:00:03Z")
    assert worker.since == "2026-11-22T17:59:58Z"
    worker.take(b"2026-11-22T18:00:09.000000000Z line\n", at=1.0)
    assert worker.since == "2026-11-22T18:00:08Z"
    assert PodLog("run-0", 0).since == ""


def test_a_worker_is_asked_less_and_less_often_until_it_answers() -> None:
    worker = PodLog("run-0", 0)
    pauses = [worker.wait(now=10.0) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] > pauses[0]
    worker.take(b"", at=11.0)
    assert worker.wait(now=12.0) == pauses[0]
    assert worker.not_before == 12.0 + pauses[0]


def test_a_gap_is_told_once() -> None:
    log = PodLog("run-0", 0)
    log.take(b"2026-11-22T18:00:09.000000000Z seen\n", at=1.0)
    log.advance(Closed(at=2.0, how=Close.BROKEN))
    log.advance(Opened(at=2.0))
    log.take(b"2026-11-22T18:00:19.000000000Z later\n", at=3.0)
    between = "2026-11-22T18:00:09.000000000Z and 2026-11-22T18:00:19.000000000Z"
    assert log.missing() == [f"lines between {between} may be missing"]
    assert log.missing() == []


@pytest.mark.parametrize(("again", "missing"), [("18:00:05", True), ("18:00:12", False)])
def test_a_gap_is_none_where_the_container_was_started_in_it(again: str, missing: bool) -> None:
    log = PodLog("run-0", 0, "2026-11-22T18:00:00Z")
    log.advance(Opened(at=0.5))
    log.take(b"2026-11-22T18:00:09.000000000Z seen\n", at=1.0)
    log.advance(Closed(at=2.0, how=Close.WELL))
    log.advance(Opened(at=2.0))
    log.take(b"2026-11-22T18:00:19.000000000Z later\n", at=3.0)
    log.started_again(f"2026-11-22T{again}Z")
    log.advance(Deleted(at=4.0))
    log.advance(Closed(at=4.0, how=Close.WELL))
    assert bool(log.missing()) == missing


SEEN = b"2026-11-22T18:00:09.000000000Z seen\n"


@pytest.mark.parametrize(
    ("read", "proved"),
    [
        (SEEN, True),
        (SEEN + b"2026-11-22T18:00:09.1", True),
        (SEEN + b"2026-11-22T18:00:09.100000000Z ne", False),
        (SEEN + b"2026-11-22T18:00:09.100000000Z new\n", False),
    ],
)
def test_a_new_line_or_its_beginning_takes_back_the_proof_that_a_log_is_whole(
    read: bytes, proved: bool
) -> None:
    log = PodLog("run-0", 0)
    log.advance(Opened(at=1.0))
    log.take(SEEN, at=1.0)
    log.advance(Closed(at=2.0, how=Close.WELL))
    log.advance(Opened(at=3.0))
    log.take(read, at=4.0)
    assert (log.state.closed_at is not None) == proved
