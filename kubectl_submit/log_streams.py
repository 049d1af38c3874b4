"""Reads the logs of all workers with few programs: one kubectl follows many pods.

A kubectl takes 30 MB and opens at most five streams a second after the first ten, so neither one
kubectl a pod nor one for all will do. Workers that have started wait a moment for others, and one
kubectl reads the group; where there are too many programs, small groups are joined. Any stream may
break, or end early without a word: each worker is read again from where its last line was, and is
complete only when a stream ended well that was begun after its container was seen to have ended.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kubectl_submit.command import Result
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.logs import LINE, Resume, earlier
from kubectl_submit.loop import Loop
from kubectl_submit.watch import RANK_LABEL

GATHER_SECONDS = 0.1
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STALLED_SECONDS = 10.0
GOING_SECONDS = 1.0
MOST_STREAMS = 8
GROUP_SIZE = 16
# What --prefix writes before each line.
PREFIX = re.compile(rb"\[pod/([^/\s]+)/[^\]\s]+\] ")


@dataclass(eq=False)
class Worker:
    """One pod and how far its log has been read."""

    pod: str
    rank: int
    resume: Resume = field(default_factory=Resume)
    group: Group | None = None
    """The group that reads it now; lines from any other are not its own any more."""
    ended: bool = False
    gone: bool = False
    complete: bool = False
    started_at: str = ""
    alone: bool = False
    """Its lines cannot be told from those of others, so that it is read by itself."""
    heard: float = 0.0
    not_before: float = 0.0
    pause: float = FIRST_PAUSE

    @property
    def since(self) -> str:
        """From when its log is to be read: RFC 3339, whole seconds."""
        # The kubelet notes the start only after the first lines may have been written.
        return self.resume.since or (earlier(self.started_at, 5) if self.started_at else "")


@dataclass(eq=False)
class Group:
    """The workers that one running kubectl reads."""

    workers: dict[bytes, Worker]
    final: bool
    """It was begun after all of its workers had ended."""
    stop: Callable[[], None]
    rest: bytes = b""


class LogStreams:
    """The logs of an execution's pods."""

    def __init__(
        self,
        loop: Loop,
        kubectl: Kubectl,
        execution: Execution,
        write: Callable[[int, bytes], None],
        lost: Callable[[int, str], None],
    ) -> None:
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution
        self._write = write
        self._lost = lost
        self._workers: dict[str, Worker] = {}
        self._groups: list[Group] = []
        self._arranging = False

    @property
    def complete(self) -> bool:
        """Whether every line of every pod that has started is there, or will never be."""
        return all(worker.complete for worker in self._workers.values())

    def started(self, pod: str, rank: int, started_at: str) -> None:
        """The container of a pod runs or has run, since a time in RFC 3339."""
        if pod not in self._workers:
            self._workers[pod] = Worker(pod=pod, rank=rank, started_at=started_at)
            self._arrange_soon(GATHER_SECONDS)

    def ended(self, pod: str, *, stopped: bool) -> None:
        """The container of a pod has ended: what is there now is all there will be.

        The pod of one that was `stopped` goes away at once, and its log with it. So what reads it
        goes on for a moment, instead of reading it once more.
        """
        worker = self._workers.get(pod)
        if worker is None or worker.ended:
            return
        worker.ended = True
        if stopped and worker.group:
            self._loop.later(GOING_SECONDS, lambda: self._settle(worker))
        else:
            self._read_to_the_end(worker)

    def gone(self, pod: str) -> None:
        """The pod does not exist any more: what has not come will not come."""
        worker = self._workers.get(pod)
        if worker is None or worker.complete:
            return
        worker.gone = True
        if worker.group:
            self._loop.later(GOING_SECONDS, lambda: self._settle(worker))
        else:
            self._give_up(worker)

    def give_up(self) -> None:
        """Nobody waits any longer for what has not come."""
        for worker in self._workers.values():
            if not worker.complete:
                self._give_up(worker)

    def _settle(self, worker: Worker) -> None:
        """A pod that goes away is complete when what reads it has been silent for a moment."""
        if worker.complete:
            return
        if worker.group is None:
            self._arrange_soon(0)
        elif time.monotonic() - worker.heard < GOING_SECONDS:
            self._loop.later(GOING_SECONDS, lambda: self._settle(worker))
        else:
            self._complete(worker)

    def _read_to_the_end(self, worker: Worker) -> None:
        if worker.group and len(worker.group.workers) > 1:
            # The end of one stream in a group does not show.
            self._leave(worker)
        elif worker.group:
            self._watch_for_stall(worker, worker.group)
        self._arrange_soon(0)

    def _arrange_soon(self, seconds: float) -> None:
        if not self._arranging:
            self._arranging = True
            self._loop.later(seconds, self._arrange)

    def _arrange(self) -> None:
        """Give each worker that is not read, and should be, to a group."""
        self._arranging = False
        now = time.monotonic()
        idle = [
            worker
            for worker in self._workers.values()
            if not worker.group and not worker.complete and worker.not_before <= now
        ]
        for worker in idle:
            if worker.alone:
                self._read([worker])
        together = [worker for worker in idle if not worker.alone]
        for chunk in _chunks([worker for worker in together if worker.ended], self._size):
            self._read(chunk)
        live = [worker for worker in together if not worker.ended]
        if live and len(self._groups) >= MOST_STREAMS:
            live += self._dissolve_smallest(len(live))
        for chunk in _chunks(live, self._size):
            self._read(chunk)

    @property
    def _size(self) -> int:
        """How many workers one kubectl reads: more where there are very many."""
        return max(GROUP_SIZE, self._execution.workers // (2 * MOST_STREAMS))

    def _dissolve_smallest(self, more: int) -> list[Worker]:
        """The workers of the smallest group, free again, if they fit with `more` others."""
        groups = [group for group in self._groups if not group.final]
        smallest = min(groups, key=lambda group: len(group.workers), default=None)
        if smallest is None or len(smallest.workers) + more > self._size:
            return []
        workers = [worker for worker in smallest.workers.values() if not worker.alone]
        for worker in workers:
            self._leave(worker)
        return workers

    def _read(self, workers: list[Worker]) -> None:
        """Start one kubectl for some workers."""
        since = min(worker.since for worker in workers)
        final = all(worker.ended for worker in workers)
        stream = self._kubectl.logs(
            self._execution, self._pods(workers), since=since, follow=not final
        )
        members = {worker.pod.encode(): worker for worker in workers}
        group = Group(workers=members, final=final, stop=lambda: self._loop.drop(stream))
        for worker in workers:
            worker.group = group
            worker.resume.again()
        self._groups.append(group)
        take = self._take_one if len(workers) == 1 else self._take_many
        self._loop.read(
            stream, lambda data: take(group, data), lambda result: self._on_end(group, result)
        )

    def _pods(self, workers: list[Worker]) -> list[str]:
        """How kubectl is told which pods to read."""
        if len(workers) == 1:
            return [workers[0].pod]
        ranks = ",".join(sorted({str(worker.rank) for worker in workers}))
        selector = f"{self._execution.pod_selector},{RANK_LABEL} in ({ranks})"
        return ["--selector", selector, "--prefix", f"--max-log-requests={len(workers)}"]

    def _leave(self, worker: Worker) -> None:
        """Take a worker out of its group; lines that still come from there are dropped."""
        group = worker.group
        worker.group = None
        if group:
            del group.workers[worker.pod.encode()]
            if not group.workers:
                self._groups.remove(group)
                group.stop()

    def _take_one(self, group: Group, data: bytes) -> None:
        """Lines of a group of one, which have no prefix."""
        (worker,) = group.workers.values()
        self._take(worker, data)

    def _take_many(self, group: Group, data: bytes) -> None:
        """Lines of several workers, each behind the name of its pod."""
        lines = LINE.findall(group.rest + data)
        group.rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        pieces: dict[bytes, list[bytes]] = {}
        for line in lines:
            prefix = PREFIX.match(line)
            if prefix:
                self._set_apart(group, line, prefix)
                pieces.setdefault(prefix[1], []).append(line[prefix.end() :])
        for pod, piece in pieces.items():
            if pod in group.workers:
                self._take(group.workers[pod], b"".join(piece))

    def _set_apart(self, group: Group, line: bytes, prefix: re.Match[bytes]) -> None:
        """Take two workers out of a group if a line may hold lines of both.

        That is so where a worker's last line has no line end. Both are read again from before
        it, and the first one by itself.
        """
        if b"[pod/" not in line[prefix.end() :]:
            return
        inside = PREFIX.search(line, prefix.end())
        while inside:
            second = group.workers.get(inside[1])
            if second:
                first = group.workers.get(prefix[1])
                for worker in (first, second):
                    if worker and worker.group is group:
                        self._leave(worker)
                if first:
                    first.alone = True
                self._arrange_soon(GATHER_SECONDS)
                return
            inside = PREFIX.search(line, inside.end())

    def _take(self, worker: Worker, data: bytes) -> None:
        worker.pause = FIRST_PAUSE
        worker.heard = time.monotonic()
        lines = worker.resume.take(data)
        self._tell_gap(worker)
        if lines:
            self._write(worker.rank, lines)

    def _on_end(self, group: Group, result: Result) -> None:
        """A stream has ended: well or not, its workers are read again unless they are complete."""
        if group in self._groups:
            self._groups.remove(group)
        if "(Forbidden)" in result.stderr:
            raise ClusterError(
                "may not read the job's output; the job goes on",
                last_words=result.stderr,
                remedy="Ask for the permission to `get` pods/log.",
            )
        well = result.exit_code == 0
        if well and group.final and group.rest:
            self._take_last(group)
        for worker in list(group.workers.values()):
            worker.group = None
            if well and group.final:
                self._complete(worker)
            elif worker.gone and not well:
                self._give_up(worker)
            elif not (well and worker.ended):
                worker.not_before = time.monotonic() + worker.pause
                self._loop.later(worker.pause, self._arrange)
                worker.pause = min(worker.pause * 2, LONGEST_PAUSE)
        self._arrange_soon(0)

    def _take_last(self, group: Group) -> None:
        """The last line of a group, where it has no line end."""
        prefix = PREFIX.match(group.rest)
        worker = group.workers.get(prefix[1]) if prefix else None
        if prefix and worker:
            self._take(worker, group.rest[prefix.end() :])

    def _complete(self, worker: Worker) -> None:
        if worker.complete:
            return
        worker.complete = True
        last = worker.resume.last()
        if last:
            self._write(worker.rank, last)
        if worker.group:
            self._leave(worker)
        if worker.resume.unreadable:
            self._lose(worker, "the node has no more of it")
        self._tell_gap(worker)

    def _give_up(self, worker: Worker) -> None:
        self._complete(worker)
        self._lose(worker, "its pod is gone" if worker.gone else "the node does not give them")

    def _lose(self, worker: Worker, why: str) -> None:
        since = worker.resume.newest or worker.started_at
        self._lost(worker.rank, f"lines after {since} may be missing: {why}")

    def _tell_gap(self, worker: Worker) -> None:
        gap = worker.resume.gap
        if gap:
            worker.resume.gap = None
            self._lost(worker.rank, f"lines between {gap[0]} and {gap[1]} may be missing")

    def _watch_for_stall(self, worker: Worker, group: Group) -> None:
        """Read a worker again if it has ended and its stream neither ends nor brings anything."""

        def check() -> None:
            if worker.group is not group:
                return
            if time.monotonic() - worker.heard < STALLED_SECONDS:
                self._watch_for_stall(worker, group)
                return
            self._leave(worker)
            self._arrange_soon(0)

        self._loop.later(STALLED_SECONDS, check)


def _chunks(workers: list[Worker], size: int) -> list[list[Worker]]:
    """Groups of at most `size`, those together that are to be read from about the same time."""
    workers = sorted(workers, key=lambda worker: worker.since)
    return [workers[start : start + size] for start in range(0, len(workers), size)]
