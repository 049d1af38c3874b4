"""The log engine by itself: each line once, or a warning that says whose lines may be missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.following.logs.phases import CLOSE_SECONDS

from .log_cluster import KubectlLogs, LogCluster, Pod

Start = Callable[..., LogCluster]
SPAN = re.compile(r"lines (after|between) 2026-\S+Z")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a cluster with so many workers, which the engine reads."""
    clusters: list[LogCluster] = []

    def started(workers: int, *, again: bool = False) -> LogCluster:
        clusters.append(LogCluster(workers))
        clusters[-1].start(again=again)
        return clusters[-1]

    yield started
    for cluster in clusters:
        cluster.leave()
        assert all(one.closed for one in cluster.kubectls)


@pytest.mark.parametrize("workers", [1, 3])
def test_every_line_comes_once(start: Start, workers: int) -> None:
    cluster = start(workers)
    for rank in range(workers):
        cluster.write(rank, 5)
    cluster.run(2)
    for rank in range(workers):
        cluster.write(rank, 3)
        cluster.end(rank)
    cluster.run(2)
    assert cluster.streams.complete
    assert [cluster.told(rank) for rank in range(workers)] == [
        pod.texts for pod in cluster.pods.values()
    ]
    assert cluster.warnings == []


def test_lines_come_as_they_are_written(start: Start) -> None:
    cluster = start(1)
    cluster.run(1)
    for _ in range(5):
        cluster.write(0)
        cluster.run(0.01)
        assert cluster.told(0) == cluster.pods["run-0"].texts


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pod_that_is_deleted_before_its_first_line_arrives_loses_nothing(
    start: Start, workers: int
) -> None:
    """One of the workers fails at its first import, and the Job deletes the others."""
    cluster = start(workers)
    cluster.run(0.25)  # kubectl reads, and nothing has come
    cluster.write(0, 2)
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(0.1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    for rank in range(1, workers):
        cluster.end(rank)
    cluster.run(5)
    assert cluster.streams.complete
    assert cluster.warnings == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_pod_that_is_deleted_before_kubectl_has_looked_for_it_is_named(
    start: Start, workers: int
) -> None:
    cluster = start(workers)
    cluster.write(0, 2)
    cluster.run(0.12)  # kubectl has been started, and no more
    cluster.end(0, going=True)
    cluster.delete(0)
    for rank in range(1, workers):
        cluster.end(rank)
    cluster.run(10)
    assert cluster.told(0) == ""
    [(rank, warning)] = cluster.warnings
    assert rank == 0
    assert SPAN.match(warning)
    assert warning.endswith("may be missing: its pod is gone")


def test_a_pod_that_is_stopped_while_a_second_stream_is_quiet_loses_nothing(start: Start) -> None:
    """The first one ended well, but too early: an API server was restarted."""
    cluster = start(1)
    cluster.write(0)
    cluster.run(1)
    cluster.reader_of(0).cut(well=True)
    cluster.run(1)
    cluster.write(0)
    cluster.reader_of(0).stalled = True
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(1)
    assert not cluster.streams.complete
    cluster.kubectls[-1].stalled = False
    cluster.run(1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.streams.complete
    assert cluster.warnings == []


@pytest.mark.parametrize("workers", [2, 3])
def test_last_lines_without_an_end_of_workers_that_are_read_together(
    start: Start, workers: int
) -> None:
    """`printf done` in each of them; kubectl writes all of it as one line."""
    cluster = start(workers)
    for rank in range(workers):
        cluster.write(rank, end="")
        cluster.end(rank)
    cluster.run(5)
    assert cluster.streams.complete
    assert [cluster.told(rank) for rank in range(workers)] == [
        pod.texts for pod in cluster.pods.values()
    ]
    assert cluster.warnings == []


def test_a_last_line_without_an_end_is_kept_where_the_log_is_removed_at_once(start: Start) -> None:
    cluster = start(1)
    cluster.run(1)
    cluster.write(0, end="")
    cluster.pods["run-0"].ended = True
    cluster.run(0.1)  # its stream has ended well, and nobody has told of the end yet
    cluster.pods["run-0"].exists = False
    cluster.run(0.5)  # another kubectl finds nothing
    cluster.streams.ended("run-0", going=True)
    cluster.streams.gone("run-0")
    cluster.run(1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.warnings == []


@pytest.mark.parametrize("going", [True, False])
def test_a_log_that_was_read_to_its_end_and_then_removed_misses_nothing(
    start: Start, going: bool
) -> None:
    """As the node does with the log of a pod that it has evicted."""
    cluster = start(1)
    cluster.write(0, 3)
    cluster.run(1)
    cluster.end(0, going=going)
    cluster.run(0.05)
    cluster.pods["run-0"].exists = False
    cluster.run(1)
    assert cluster.streams.complete
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.warnings == []


def test_a_log_that_was_read_to_its_end_and_removed_while_it_was_read_again_misses_nothing(
    start: Start,
) -> None:
    """As a node does that is slow to report the end of a container that it evicts."""
    cluster = start(1)
    cluster.write(0, 3)
    cluster.run(1)
    first = cluster.reader_of(0)
    first.cut(well=True)
    cluster.run(1)
    again = cluster.reader_of(0)
    assert again is not first
    again.lose_the_log()
    cluster.streams.ended("run-0", going=True)
    cluster.delete(0)
    cluster.run(1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.streams.complete
    assert cluster.warnings == []


def test_a_second_stream_that_is_cut_after_it_repeated_the_lines_proves_nothing(
    start: Start,
) -> None:
    """The first one ended well because an API server stopped; the container wrote one more line."""
    cluster = start(1)
    cluster.write(0, 3)
    cluster.run(1)
    cluster.reader_of(0).cut(well=True)
    cluster.run(1)
    again = cluster.reader_of(0)
    again.stalled = True
    cluster.write(0)
    cluster.end(0, going=True)
    again.cut(well=False)
    cluster.delete(0)
    cluster.run(1)
    [(_, warning)] = cluster.warnings
    assert SPAN.match(warning)
    assert warning.endswith("may be missing: its pod is gone")


@pytest.mark.parametrize(("late", "whole"), [(CLOSE_SECONDS - 1, True), (CLOSE_SECONDS + 1, False)])
def test_a_log_that_was_read_to_its_end_and_then_forbidden_misses_nothing(
    start: Start, late: float, whole: bool
) -> None:
    """The end of its container is told some seconds after its stream has ended."""
    cluster = start(1)
    cluster.write(0)
    cluster.run(1)
    cluster.pods["run-0"].allowed = False
    cluster.pods["run-0"].ended = True
    cluster.run(late)
    cluster.end(0)
    cluster.run(40)
    cluster.streams.give_up()
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert (cluster.warnings == []) == whole


def test_a_log_that_was_cut_and_then_removed_is_named(start: Start) -> None:
    cluster = start(1)
    cluster.write(0, 3)
    cluster.run(1)
    cluster.reader_of(0).cut(well=False)
    cluster.write(0)
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(1)
    [(_, warning)] = cluster.warnings
    assert SPAN.match(warning)
    assert warning.endswith("may be missing: its pod is gone")


def test_a_container_that_is_started_again_has_no_gap(start: Start) -> None:
    """Its new log begins after all that was seen; the stream of the old one had ended well."""
    cluster = start(1)
    pod = cluster.pods["run-0"]
    cluster.write(0, 3)
    cluster.run(1)
    before, pod.ended = pod.texts, True
    cluster.run(0.5)
    pod.lines, pod.ended = [], False
    cluster.run(20)
    cluster.start(0)
    cluster.write(0, 3)
    cluster.end(0)
    cluster.run(9)
    assert cluster.told(0) == before + pod.texts
    assert cluster.streams.complete
    assert cluster.warnings == []


@pytest.mark.parametrize("lines", [0, 3])
def test_lines_before_a_start_that_nobody_saw_are_named(start: Start, lines: int) -> None:
    """It was started again before the first look at it: its first log is gone."""
    cluster = start(1, again=True)
    cluster.write(0, lines)
    cluster.run(3)
    cluster.end(0)
    cluster.run(9)
    assert len(cluster.told(0).splitlines()) == lines
    [(_, warning)] = cluster.warnings
    assert re.fullmatch(
        r"lines before 2026-\S+Z may be missing: its container was started again", warning
    )


@pytest.mark.parametrize("lines", [0, 3])
def test_a_kubectl_that_found_the_log_only_after_a_second_start_is_no_proof(
    start: Start, lines: int
) -> None:
    cluster = start(1)
    pod = cluster.pods["run-0"]
    pod.readable = False
    cluster.write(0, 3)
    cluster.run(3)
    pod.lines, pod.readable = [], True
    cluster.start(0)
    cluster.write(0, lines)
    cluster.run(3)
    cluster.end(0)
    cluster.run(9)
    assert len(cluster.told(0).splitlines()) == lines
    [(_, warning)] = cluster.warnings
    assert re.fullmatch(
        r"lines before \S+ may be missing: its container was started again", warning
    )


def test_a_first_log_that_was_empty_misses_nothing(start: Start) -> None:
    """Its stream had ended well before the second start was told, or right after it."""
    cluster = start(2)
    for rank in (0, 1):
        pod = cluster.pods[f"run-{rank}"]
        cluster.run(2)
        reader = cluster.reader_of(rank)
        if rank == 0:
            reader.cut(well=True)
            cluster.run(1)
        cluster.start(rank)
        if rank == 1:
            reader.cut(well=True)
        cluster.write(rank, 2)
        cluster.run(5)
        cluster.end(rank)
        cluster.run(5)
        assert pod.texts == cluster.told(rank)
    assert cluster.warnings == []


def test_lines_that_were_rotated_away_while_nobody_read_are_named(start: Start) -> None:
    cluster = start(1)
    pod = cluster.pods["run-0"]
    cluster.write(0, 3)
    cluster.run(1)
    pod.readable = False
    cluster.reader_of(0).cut(well=True)
    cluster.run(20)
    cluster.write(0, 2)
    pod.lines = pod.lines[-1:]
    pod.readable = True
    cluster.run(9)
    cluster.end(0)
    cluster.run(9)
    [(_, warning)] = cluster.warnings
    assert re.fullmatch(r"lines between 2026-\S+Z and 2026-\S+Z may be missing", warning)


def test_a_gap_after_a_stream_that_ended_well_is_named_where_nothing_was_started_again(
    start: Start,
) -> None:
    cluster = start(1)
    pod = cluster.pods["run-0"]
    cluster.write(0, 3)
    cluster.run(5)
    cluster.reader_of(0).cut(well=True)
    cluster.write(0, 2)
    pod.lines = pod.lines[-1:]
    cluster.run(5)
    assert cluster.warnings == []
    cluster.end(0)
    cluster.run(5)
    [(_, warning)] = cluster.warnings
    assert warning.startswith("lines between ")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stream_that_stalls_after_the_end_is_replaced(start: Start, workers: int) -> None:
    cluster = start(workers)
    cluster.write(0)
    cluster.run(1)
    for one in cluster.kubectls:
        one.stalled = True
    cluster.write(0)
    for rank in range(workers):
        cluster.end(rank)
    cluster.run(30)
    assert cluster.streams.complete
    assert all(one.closed for one in cluster.kubectls)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.warnings == []


def test_a_last_reading_that_stalls_is_replaced(start: Start) -> None:
    cluster = start(1)
    cluster.write(0)
    cluster.end(0)
    cluster.run(0.15)
    [reader] = cluster.kubectls
    reader.stalled = True
    cluster.run(8)
    assert len(cluster.kubectls) == 1
    cluster.run(8)
    assert cluster.streams.complete
    assert cluster.told(0) == cluster.pods["run-0"].texts


def test_a_pod_that_is_gone_among_others_is_whole_once_its_lines_have_come(start: Start) -> None:
    cluster = start(2)
    cluster.write(0)
    cluster.run(1)
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(70)
    assert not cluster.streams.awaited
    assert cluster.streams.unfinished == [1]
    assert cluster.warnings == []


def test_a_pod_that_ended_and_was_removed_at_once_is_read_on_among_others(start: Start) -> None:
    """As a watch tells it that was cut for a while."""
    cluster = start(2)
    cluster.write(0)
    cluster.run(1)
    cluster.write(0)
    cluster.end(0)
    cluster.delete(0)
    cluster.run(70)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.warnings == []


def test_a_silent_pod_that_is_gone_among_others_is_whole_where_kubectl_had_found_it(
    start: Start,
) -> None:
    cluster = start(2)
    cluster.write(1)
    cluster.run(1)
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(70)
    assert not cluster.streams.awaited
    assert cluster.warnings == []


def test_a_pod_that_is_gone_and_was_read_among_others_by_a_stream_that_is_stuck_is_named(
    start: Start,
) -> None:
    cluster = start(2)
    cluster.write(0)
    cluster.run(1)
    cluster.reader_of(0).stalled = True
    cluster.write(0)
    cluster.end(0, going=True)
    cluster.delete(0)
    cluster.run(70)
    assert not cluster.streams.awaited
    [(rank, warning)] = cluster.warnings
    assert (rank, bool(SPAN.match(warning))) == (0, True)


def test_one_that_ends_among_others_is_read_by_itself(start: Start) -> None:
    """Lines that still come from where it was read before do not count."""
    cluster = start(2)
    cluster.run(1)
    cluster.write(0, 2)
    cluster.end(0)
    cluster.run(5)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert not cluster.streams.awaited
    assert cluster.streams.unfinished == [1]


def test_an_end_that_is_told_late_is_read_at_once(start: Start) -> None:
    """However seldom it was tried before, of a worker that writes nothing."""
    cluster = start(1)
    cluster.run(1)
    cluster.pods["run-0"].ended = True
    cluster.run(12)
    cluster.streams.ended("run-0")
    cluster.run(0.25)
    assert cluster.streams.complete


def test_workers_that_are_read_together_are_read_from_the_oldest_start(start: Start) -> None:
    cluster = LogCluster(2)
    cluster.write(0)
    cluster.streams.started("run-0", 0, "2026-11-22T17:00:00Z")
    cluster.streams.started("run-1", 1, "2026-11-22T17:20:00Z")
    cluster.run(1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    cluster.leave()


def test_a_last_reading_of_several_stalls_only_if_none_of_them_comes(start: Start) -> None:
    cluster = start(2)
    cluster.end(0)
    cluster.end(1)
    cluster.run(0.12)
    [reader] = cluster.kubectls
    reader.stalled = True
    for _ in range(6):
        cluster.run(4)
        reader.trickle("run-0", f"{cluster.stamp()} slow\n")
    assert cluster.kubectls == [reader]
    cluster.run(20)
    assert len(cluster.kubectls) > 1


def test_what_a_node_does_not_give_is_given_up(start: Start) -> None:
    cluster = start(1)
    cluster.write(0)
    cluster.pods["run-0"].readable = False
    cluster.end(0)
    cluster.run(20)
    assert cluster.streams.awaited
    assert len(cluster.kubectls) < 12  # less and less often
    cluster.streams.give_up()
    assert cluster.streams.complete
    [(_, warning)] = cluster.warnings
    assert "may be missing: the node does not give them: Error from server: dial tcp" in warning


def test_giving_up_leaves_alone_what_runs(start: Start) -> None:
    cluster = start(1)
    cluster.write(0)
    cluster.run(1)
    cluster.streams.give_up()
    cluster.write(0)
    cluster.run(1)
    assert cluster.told(0) == cluster.pods["run-0"].texts
    assert cluster.streams.unfinished == [0]


def test_a_pod_that_vanished_may_have_written_more(start: Start) -> None:
    """Its node is gone; the API server ends its stream well."""
    cluster = start(1)
    cluster.write(0)
    cluster.run(1)
    cluster.streams.gone("run-0", seen=False)
    cluster.reader_of(0).cut(well=True)
    cluster.run(1)
    [(_, warning)] = cluster.warnings
    assert warning.endswith("its pod is gone")


# What can happen, to which of two workers, and how long it takes until the next thing happens.
WHAT = ("write", "unfinished", "cut_well", "cut", "stall", "away", "back", "end", "go", "delete")
MORE = ("vanish", "end_quietly", "lose", "forbid")
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(("write", *WHAT, *MORE)),
        st.integers(0, 1),
        st.sampled_from([0.0, 0.05, 0.3, 1.1, 4.0, 12.0]),
        st.integers(1, 70),
    ),
    max_size=25,
)


class RunDetails:
    """Plays what happens."""

    def __init__(self, workers: int) -> None:
        self.cluster = LogCluster(workers)
        self.cluster.start()
        self.workers = workers
        self.faults = False
        self._cut_early: set[int] = set()
        self._not_told: set[int] = set()

    def play(self, what: str, rank: int, number: int) -> None:
        """Let one thing happen to a worker, if it can."""
        pod = self.cluster.pods[f"run-{rank % self.workers}"]
        getattr(self, what)(pod, number)

    def write(self, pod: Pod, number: int) -> None:
        """It writes some lines."""
        if not pod.ended:
            self.cluster.write(pod.rank, number % 4 + 1)

    def unfinished(self, pod: Pod, number: int) -> None:
        """It writes a last line without an end, and ends."""
        if not pod.ended:
            self.cluster.write(pod.rank, end="")
            self._end(pod.rank, going=bool(number % 2))

    def cut_well(self, pod: Pod, number: int) -> None:
        """What reads it ends without an error, though the containers that it reads run."""
        reader = self._reader(pod)
        if reader and not any(one.ended for one in reader.pods):
            reader.cut(well=True)
            self._cut_early |= {one.rank for one in reader.pods}
            self.faults = True

    def cut(self, pod: Pod, number: int) -> None:
        """What reads it fails, and so many bytes are lost."""
        reader = self._reader(pod)
        if reader:
            reader.cut(well=False, lost=number)
            self.faults = True

    def stall(self, pod: Pod, number: int) -> None:
        """What reads it brings nothing any more, and does not end."""
        reader = self._reader(pod)
        if reader:
            reader.stalled = self.faults = True

    def away(self, pod: Pod, number: int) -> None:
        """Its node does not answer."""
        pod.readable, self.faults = False, True

    def back(self, pod: Pod, number: int) -> None:
        """Its node answers again."""
        pod.readable = True

    def end(self, pod: Pod, number: int) -> None:
        """Its container ends."""
        self._end(pod.rank, going=False)

    def go(self, pod: Pod, number: int) -> None:
        """Its container ends because the pod is being deleted."""
        self._end(pod.rank, going=True)

    def end_quietly(self, pod: Pod, number: int) -> None:
        """Its container ends, and the kubelet is slow to report it."""
        if not pod.ended:
            pod.ended = True
            self._not_told.add(pod.rank)

    def lose(self, pod: Pod, number: int) -> None:
        """Its container has ended, and the node removes its log while it is read."""
        reader = self._reader(pod)
        if reader and len(reader.pods) == 1 and pod.ended:
            reader.lose_the_log()
            pod.readable, self.faults = False, True

    def forbid(self, pod: Pod, number: int) -> None:
        """Its log may not be read any more; a user who never might is told so, and that is all."""
        results = (one.result for one in self.cluster.kubectls if one.closed)
        if any(result and result.exit_code == 0 for result in results):
            pod.allowed, self.faults = False, True

    def delete(self, pod: Pod, number: int) -> None:
        """Its pod is deleted; whether anybody has read it is not known where nobody does now.

        One that has ended is no longer read among others.
        """
        reader = self._reader(pod)
        read = reader and not (pod.ended and len(reader.pods) > 1)
        self.faults = self.faults or not read
        self._end(pod.rank, going=True)
        self.cluster.delete(pod.rank)

    def vanish(self, pod: Pod, number: int) -> None:
        """Its pod is deleted, and nobody saw its container end."""
        if not pod.ended:
            self.faults = True
            self.cluster.delete(pod.rank, seen=False)

    def _reader(self, pod: Pod) -> KubectlLogs | None:
        readers = [one for one in self.cluster.kubectls if one.open and pod in one.pods]
        return readers[-1] if readers else None

    def _end(self, rank: int, *, going: bool) -> None:
        if rank in self._cut_early:
            # Who ends streams too early is away, and does not tell of an end in the same moment.
            self.cluster.run(CLOSE_SECONDS + 1)
            self._cut_early.discard(rank)
        if not self.cluster.pods[f"run-{rank}"].ended or rank in self._not_told:
            self._not_told.discard(rank)
            self.cluster.end(rank, going=going)

    def finish(self) -> None:
        """Let all of them end, and wait for what may come."""
        for rank in range(self.workers):
            self._end(rank, going=False)
        self.cluster.run(40)
        self.cluster.streams.give_up()
        assert self.cluster.streams.complete
        self.cluster.leave()


@given(st.integers(1, 2), HAPPENINGS)
def test_each_line_once_or_a_warning_that_names_the_worker_and_the_time(
    workers: int, happenings: list[tuple[str, int, float, int]]
) -> None:
    story = RunDetails(workers)
    for what, rank, seconds, number in happenings:
        story.play(what, rank, number)
        story.cluster.run(seconds)
    story.finish()
    cluster = story.cluster
    for pod in cluster.pods.values():
        told, written = cluster.told(pod.rank).splitlines(), pod.texts.splitlines()
        lacks = [line for line in written if line not in told]
        warnings = [what for rank, what in cluster.warnings if rank == pod.rank]
        # In order, and none of them twice; what is cut at the very end may be a part of a line.
        whole = [line for line in told if line in written]
        assert whole == [line for line in written if line in told]
        assert len(told) - len(whole) <= len(warnings)
        if lacks:
            assert any(SPAN.match(warning) for warning in warnings), (lacks, warnings)
        if told and not (story.faults or lacks):
            assert warnings == []
