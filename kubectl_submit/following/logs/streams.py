"""Starts and ends the programs that read logs, as the phases of the logs say.

What happens to a log is told to it, and its new phase says what to do: who is not read and should
be is read, who is not read any more leaves its stream, and what may be missing of one that is done
is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import ClusterError
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.batches import (
    MOST_FINAL_GROUPS,
    MOST_GROUPS,
    arrange,
    group_size,
    to_join,
)
from kubectl_submit.following.logs.cursor import Cursor
from kubectl_submit.following.logs.events import (
    Close,
    Closed,
    Deleted,
    Ended,
    Event,
    GiveUp,
    Left,
    Opened,
    Stalled,
)
from kubectl_submit.following.logs.line_options import EVERY_LINE, LineOptions
from kubectl_submit.following.logs.phases import ENDING, READ, Phase
from kubectl_submit.following.logs.prefixed import Split
from kubectl_submit.following.logs.reader import Reader
from kubectl_submit.following.logs.replay_filter import ReplayFilter
from kubectl_submit.following.logs.worker import PodLog
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop, Readable
from kubectl_submit.process.masking import mask

# Workers that start within that time are read together.
GATHER_SECONDS = 0.1
# Within that time where others will have to be read again for each newcomer's sake.
CROWDED_GATHER_SECONDS = 1.0
# The stream of a container that has ended brings the rest, and ends; this one does not.
STALLED_SECONDS = 10.0
# By then client-go has seen that a connection is dead, and ended what goes through it: it sends a
# ping after 30 s of silence, and waits 15 s for the answer (apimachinery's pkg/util/net/http.go).
DEAD_SECONDS = 60.0
# One kubectl opens so many streams a second (client-go's limit).
OPENED_A_SECOND = 5
CHECK_SECONDS = 1.0
# What the API server and the kubelet say of a log that there is not, or not any more.
NO_LOG = re.compile(r"\(NotFound\)|pods? \S+ not found|is not available")


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
        wanted: LineOptions = EVERY_LINE,
    ) -> None:
        self._loop = loop
        self._reader = Reader(loop, kubectl, execution)
        self._execution = execution
        self._write = write
        self._lost = lost
        self._wanted = wanted
        self._logs: dict[str, PodLog] = {}
        self._streams: dict[Batch, Readable] = {}
        self._arranging = False
        self._checking = False
        self._allowed = False
        self._replay_filter = ReplayFilter()
        self.heard_at = 0.0
        """When the last new line came, as the loop counts."""

    @property
    def complete(self) -> bool:
        """Whether every line of every pod that has started is there, or will never be."""
        return all(log.done for log in self._logs.values())

    @property
    def awaited(self) -> bool:
        """Whether a container has ended whose lines are not all there."""
        return any(log.ended and not log.done for log in self._logs.values())

    @property
    def unfinished(self) -> list[int]:
        """The ranks of the containers that run on, so that more lines may come."""
        return sorted(log.rank for log in self._logs.values() if not log.ended)

    def started(self, pod: str, rank: int, started_at: str, *, again: bool = False) -> None:
        """The container of a pod runs or has run, since a time in RFC 3339.

        `again`: it had run before, and ended.
        """
        if pod in self._logs:
            self._logs[pod].started_again(started_at)
            return
        since = self._wanted.since
        cursor = Cursor(keep_times=self._wanted.keep_times, begins_later=bool(since))
        self._logs[pod] = PodLog(pod, rank, started_at, cursor, wanted_since=since)
        if again:
            self._logs[pod].begins_later()
        crowded = len(self._streams) >= MOST_GROUPS
        self._arrange_soon(CROWDED_GATHER_SECONDS if crowded else GATHER_SECONDS)

    def ended(self, pod: str, *, going: bool = False, seen: bool = True) -> None:
        """The container of a pod has ended: what is there now is all there will be.

        `going`: its log goes away at once. `seen`: the kubelet has seen the end.
        """
        log = self._logs.get(pod)
        if log and not log.ended:
            log.not_before = 0.0  # what was tried too often before may work now
            hidden = log.batch is not None and log.batch.size > 1
            self._advance(log, Ended(at=self._loop.now, going=going, seen=seen, hidden=hidden))
            self._arrange_soon(0)

    def read_now(self) -> None:
        """Nobody else will start: those that have are read without waiting for others."""
        self._arrange()

    def gone(self, pod: str, *, seen: bool = True) -> None:
        """The pod does not exist any more; `seen`: the kubelet saw its container end."""
        if pod in self._logs:
            self._advance(self._logs[pod], Deleted(at=self._loop.now, seen=seen))

    def give_up(self) -> None:
        """Nobody waits any longer for what has not come of those that have ended."""
        for log in self._logs.values():
            self._advance(log, GiveUp(at=self._loop.now))

    def _advance(self, log: PodLog, event: Event) -> None:
        """Tell a log what has happened, and do what its phase asks for."""
        if log.done:
            return
        log.advance(event)
        if log.phase not in READ:
            self._leave(log)
        if log.phase in ENDING:
            self._check_soon()
        if log.done:
            self._show(log, log.last())
        self._tell_missing(log)

    def _arrange_soon(self, seconds: float) -> None:
        if not self._arranging:
            self._arranging = True
            self._loop.later(seconds, self._arrange)

    def _arrange(self) -> None:
        """Read each log that is not read, and should be."""
        self._arranging = False
        now = self._loop.now
        idle = [log for log in self._logs.values() if log.idle and log.not_before <= now]
        size = group_size(self._execution.workers)
        newcomers = sum(not (log.alone or log.ended) for log in idle)
        for log in to_join(list(self._streams), newcomers, size):
            self._advance(log, Left(at=now))
            idle.append(log)
        room = MOST_FINAL_GROUPS - sum(batch.final for batch in self._streams)
        for logs in arrange(idle, size, room):
            self._read([log for log in logs if log.idle])

    def _read(self, logs: list[PodLog]) -> None:
        """Start one kubectl for some logs."""
        if not logs:
            return
        batch = Batch(
            logs={log.pod: log for log in logs},
            final=all(log.ended for log in logs),
            heard_at=self._loop.now,
        )
        self._streams[batch] = self._reader.begin(
            batch,
            one=lambda data: self._take(logs[0], batch, data),
            several=lambda split: self._take_split(batch, split),
            end=lambda result: self._on_end(batch, result),
        )
        for log in logs:
            log.batch = batch
            self._advance(log, Opened(at=self._loop.now))

    def _take_split(self, batch: Batch, split: Split) -> None:
        for pair in split.mixed:
            # Both are read again from before that line, and the first one by itself.
            for log in (batch.logs.get(pod) for pod in pair):
                if log:
                    log.alone = log.alone or log.pod == pair[0]
                    self._advance(log, Left(at=self._loop.now))
            self._arrange_soon(GATHER_SECONDS)
        for pod, lines in split.lines.items():
            if pod in batch.logs:
                self._take(batch.logs[pod], batch, lines)

    def _take(self, log: PodLog, batch: Batch, data: bytes) -> None:
        batch.note_bytes(self._loop.now)
        self._allowed = True
        lines = log.take(data, self._loop.now)
        self._tell_missing(log)
        if lines:
            self.heard_at = self._loop.now
            self._show(log, lines)

    def _show(self, log: PodLog, data: bytes) -> None:
        new = (
            self._replay_filter.new(log.pod, data)
            if self._execution.restarts_from_beginning
            else data
        )
        if new:
            self._write(log.rank, new)

    def _leave(self, log: PodLog) -> None:
        """Take a log out of its batch; lines that still come from there do not count."""
        batch, log.batch = log.batch, None
        if batch:
            del batch.logs[log.pod]
            if not batch.logs and batch in self._streams:
                self._loop.drop(self._streams.pop(batch))

    def _on_end(self, batch: Batch, result: Result) -> None:
        """A stream has ended: well or not, its logs are read again unless they are whole."""
        self._streams.pop(batch, None)
        forbidden = "(Forbidden)" in result.stderr
        if forbidden and not self._allowed:
            raise ClusterError(
                "you may not read logs of pods; the job keeps running",
                last_words=result.stderr,
                remedy="Ask for the permission to `get` pods/log.",
            )
        well = result.exit_code == 0
        self._allowed = self._allowed or well
        for log in list(batch.logs.values()):
            log.last_words = _last_line(result)
            refused = bool(NO_LOG.search(result.stderr)) or (forbidden and log.ended)
            refused = refused or (well and not batch.reads(log))
            how = log.how_closed(well=well, refused=refused)
            self._advance(log, Closed(at=self._loop.now, how=how))
            if log.idle and not (log.ended and how is Close.WELL):
                self._loop.later(log.wait(self._loop.now), lambda: self._arrange_soon(0))
        self._arrange_soon(0)

    def _check_soon(self) -> None:
        if not self._checking:
            self._checking = True
            self._loop.later(CHECK_SECONDS, self._check_for_stalls)

    def _check_for_stalls(self) -> None:
        """Look for streams that were to end, and bring nothing."""
        self._checking = False
        now = self._loop.now
        for log in self._logs.values():
            if log.phase not in ENDING or log.batch is None:
                continue
            self._check_soon()
            quiet_since = log.state.quiet_since
            if log.phase is Phase.FINAL:
                quiet_since = max(quiet_since, log.batch.heard_at)
            hidden = log.batch.size > 1 and log.batch.reads(log)
            # Nobody can read it again, and a quiet stream of several looks like one that is stuck.
            alone = log.phase is Phase.GONE and hidden
            limit = DEAD_SECONDS if alone else STALLED_SECONDS
            if now - quiet_since >= limit + log.batch.size / OPENED_A_SECOND:
                self._advance(log, Stalled(at=now, hidden=hidden))
                self._arrange_soon(0)

    def _tell_missing(self, log: PodLog) -> None:
        for what in log.missing():
            self._lost(log.rank, what)


def _last_line(result: Result) -> str:
    """The last line of what a program failed with, for people; empty if it ended well."""
    lines = mask(result.stderr).strip().splitlines()
    return lines[-1] if result.exit_code != 0 and lines else ""
