"""Starts and ends the programs that read logs.

Any stream may break, or end early without a word: then its workers are read again from where their
last lines were. A worker is complete only when a stream has ended well that was begun after its
container was seen to have ended.
"""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.command import Result, Stream, mask
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.logs.grouping import (
    MOST_FINAL_GROUPS,
    MOST_GROUPS,
    arrange,
    group_size,
    to_join,
)
from kubectl_submit.logs.prefixed import Split
from kubectl_submit.logs.reader import Reader
from kubectl_submit.logs.resume import Resume
from kubectl_submit.logs.retold import Retold
from kubectl_submit.logs.worker import EVERY_LINE, Group, Wanted, Worker
from kubectl_submit.loop import Loop

# Workers that start within that time are read together.
GATHER_SECONDS = 0.1
# Within that time where others will have to be read again for each newcomer's sake.
CROWDED_GATHER_SECONDS = 1.0
# A pod that goes away is complete when nothing has come for that long.
GOING_SECONDS = 1.0
# The stream of one that has ended ends, too; this one does not.
STALLED_SECONDS = 10.0


class LogStreams:
    """The logs of an execution's pods."""

    def __init__(
        self,
        loop: Loop,
        kubectl: Kubectl,
        execution: Execution,
        write: Callable[[int, bytes], None],
        lost: Callable[[int, str], None],
        *,
        wanted: Wanted = EVERY_LINE,
    ) -> None:
        self._loop = loop
        self._reader = Reader(loop, kubectl, execution)
        self._execution = execution
        self._write = write
        self._lost = lost
        self._wanted = wanted
        self._workers: dict[str, Worker] = {}
        self._streams: dict[Group, Stream] = {}
        self._arranging = False
        self._retold = Retold()
        self.heard_at = 0.0
        """When the last new line came, as the loop counts."""

    @property
    def complete(self) -> bool:
        """Whether every line of every pod that has started is there, or will never be."""
        return all(worker.complete for worker in self._workers.values())

    @property
    def awaited(self) -> bool:
        """Whether a container has ended whose lines are not all there."""
        return any(worker.ended and not worker.complete for worker in self._workers.values())

    @property
    def unfinished(self) -> int:
        """How many containers run on, so that more lines may come."""
        return sum(not (worker.ended or worker.complete) for worker in self._workers.values())

    def started(self, pod: str, rank: int, started_at: str) -> None:
        """The container of a pod runs or has run, since a time in RFC 3339."""
        if pod not in self._workers:
            resume = Resume(
                keep_times=self._wanted.keep_times, begins_later=bool(self._wanted.since)
            )
            self._workers[pod] = Worker(
                pod, rank, started_at, resume, wanted_since=self._wanted.since
            )
            crowded = len(self._streams) >= MOST_GROUPS
            self._arrange_soon(CROWDED_GATHER_SECONDS if crowded else GATHER_SECONDS)

    def ended(self, pod: str, *, stopped: bool) -> None:
        """The container of a pod has ended: what is there now is all there will be."""
        worker = self._workers.get(pod)
        if worker is None or worker.ended:
            return
        worker.ended = True
        worker.stopped = stopped
        if stopped:
            self._settle(worker)
        elif worker.group and len(worker.group.workers) > 1:
            self._leave(worker)  # the end of one stream in a group does not show
        elif worker.group:
            self._watch_for_stall(worker, worker.group)
        self._arrange_soon(0)

    def read_now(self) -> None:
        """Nobody else will start: those that have are read without waiting for others."""
        self._arrange()

    def gone(self, pod: str, *, vanished: bool) -> None:
        """The pod does not exist any more: what has not come will not come.

        `vanished`: it never said that its container ended.
        """
        worker = self._workers.get(pod)
        if worker and not worker.complete:
            worker.gone = worker.ended = True
            worker.vanished = vanished
            self._settle(worker)

    def give_up(self) -> None:
        """Nobody waits any longer for what has not come of those that have ended."""
        for worker in self._workers.values():
            if worker.ended and not worker.complete:
                worker.resume.unreadable = True
                self._complete(worker, checked=True)

    def _settle(self, worker: Worker) -> None:
        """End with the stream that reads a pod which goes away: a second one may come too late."""
        silent = self._loop.now - worker.heard_at
        if worker.complete:
            return
        if worker.sure or (worker.gone and worker.group and silent > GOING_SECONDS):
            self._complete(worker, checked=worker.vanished)
        elif worker.gone and not worker.group:
            self._complete(worker, checked=True)
        elif worker.group and silent > STALLED_SECONDS:
            self._leave(worker)
            self._arrange_soon(0)
        elif worker.group:
            self._loop.later(GOING_SECONDS, lambda: self._settle(worker))

    def _arrange_soon(self, seconds: float) -> None:
        if not self._arranging:
            self._arranging = True
            self._loop.later(seconds, self._arrange)

    def _arrange(self) -> None:
        """Read each worker that is not read, and should be."""
        self._arranging = False
        now = self._loop.now
        idle = [
            worker
            for worker in self._workers.values()
            if not (worker.group or worker.complete) and worker.not_before <= now
        ]
        size = group_size(self._execution.workers)
        newcomers = sum(not (worker.alone or worker.ended) for worker in idle)
        for worker in to_join(list(self._streams), newcomers, size):
            self._leave(worker)
            idle.append(worker)
        room = MOST_FINAL_GROUPS - sum(group.final for group in self._streams)
        for workers in arrange(idle, size, room):
            self._read(workers)

    def _read(self, workers: list[Worker]) -> None:
        """Start one kubectl for some workers."""
        group = Group(
            workers={worker.pod: worker for worker in workers},
            final=all(worker.ended for worker in workers),
        )
        self._streams[group] = self._reader.begin(
            group,
            one=lambda data: self._take(workers[0], data),
            several=lambda split: self._take_split(group, split),
            end=lambda result: self._on_end(group, result),
        )
        for worker in workers:
            worker.group = group
            worker.resume.again()

    def _take_split(self, group: Group, split: Split) -> None:
        for pair in split.mixed:
            # Both are read again from before that line, and the first one by itself.
            for worker in (group.workers.get(pod) for pod in pair):
                if worker:
                    worker.alone = worker.alone or worker.pod == pair[0]
                    self._leave(worker)
            self._arrange_soon(GATHER_SECONDS)
        for pod, lines in split.lines.items():
            if pod in group.workers:
                self._take(group.workers[pod], lines)

    def _take(self, worker: Worker, data: bytes) -> None:
        lines = worker.take(data, self._loop.now)
        self._tell_missing(worker)
        if lines:
            self.heard_at = self._loop.now
            self._show(worker, lines)

    def _show(self, worker: Worker, data: bytes) -> None:
        new = self._retold.new(worker.pod, data) if self._execution.retold else data
        if new:
            self._write(worker.rank, new)

    def _leave(self, worker: Worker) -> None:
        """Take a worker out of its group; lines that still come from there do not count."""
        group = worker.group
        worker.group = None
        if group:
            del group.workers[worker.pod]
            if not group.workers and group in self._streams:
                self._loop.drop(self._streams.pop(group))

    def _on_end(self, group: Group, result: Result) -> None:
        """A stream has ended: well or not, its workers are read again unless they are complete."""
        self._streams.pop(group, None)
        if "(Forbidden)" in result.stderr:
            raise ClusterError(
                "may not read the job's output; the job goes on",
                last_words=result.stderr,
                remedy="Ask for the permission to `get` pods/log.",
            )
        for worker in list(group.workers.values()):
            worker.group = None
            worker.last_words = _last_line(result)
            self._after_stream(worker, well=result.exit_code == 0, final=group.final)
        self._arrange_soon(0)

    def _after_stream(self, worker: Worker, *, well: bool, final: bool) -> None:
        worker.through = worker.through or well
        if well and (final or worker.stopped):
            self._complete(worker, checked=final)
        elif worker.gone:
            self._complete(worker, checked=not worker.sure)
        elif not (well and worker.ended):
            self._loop.later(worker.wait(self._loop.now), lambda: self._arrange_soon(0))

    def _complete(self, worker: Worker, *, checked: bool = False) -> None:
        """No more is read; `checked`: a reading tried to find out whether something is missing."""
        worker.complete = True
        self._leave(worker)
        last = worker.resume.last()
        if last:
            self._show(worker, last)
        if checked:
            self._tell_missing(worker)

    def _tell_missing(self, worker: Worker) -> None:
        missing = worker.missing()
        if missing:
            self._lost(worker.rank, missing)

    def _watch_for_stall(self, worker: Worker, group: Group) -> None:
        """Read a worker again if it has ended and its stream neither ends nor brings anything."""

        def check() -> None:
            if worker.group is not group:
                return
            if self._loop.now - worker.heard_at < STALLED_SECONDS:
                self._watch_for_stall(worker, group)
            else:
                self._leave(worker)
                self._arrange_soon(0)

        self._loop.later(STALLED_SECONDS, check)


def _last_line(result: Result) -> str:
    """The last line of what a program failed with, for people; empty if it ended well."""
    lines = mask(result.stderr).strip().splitlines()
    return lines[-1] if result.exit_code != 0 and lines else ""
