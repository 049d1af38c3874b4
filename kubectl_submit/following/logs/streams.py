"""Starts and ends the programs that read logs, as the phases of the logs say.

Each event goes to the log of its worker, whose new phase says what to do: open a stream for a
worker that needs one, take a worker out of its stream, warn of lines that may be missing.
"""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.logs import events, stalls, stream_end
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.cursor import Cursor
from kubectl_submit.following.logs.line_options import EVERY_LINE, LineOptions
from kubectl_submit.following.logs.phases import ENDING, READ
from kubectl_submit.following.logs.prefixed import Split
from kubectl_submit.following.logs.reader import Reader
from kubectl_submit.following.logs.replay_filter import ReplayFilter
from kubectl_submit.following.logs.worker import PodLog
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.process.once import Once

# Workers that start within that time are read together.
GATHER_SECONDS = 0.1
# Within that time where others will have to be read again for each newcomer's sake.
CROWDED_GATHER_SECONDS = 1.0
CHECK_SECONDS = 1.0


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
        self._reader = Reader(
            loop, kubectl, execution, one=self._take, several=self._take_split, end=self._on_end
        )
        self._write = write
        self._lost = lost
        self._wanted = wanted
        self._logs: dict[str, PodLog] = {}
        self._arranging = Once(loop, self._arrange)
        self._checking = Once(loop, self._check_for_stalls)
        self._allowed = False
        self._replay_filter = ReplayFilter() if execution.restarts_from_beginning else None
        self.heard_at = 0.0
        """When the last new line came, as the loop counts."""

    @property
    def complete(self) -> bool:
        """Whether every line of every pod that has started is there, or will never be."""
        return all(log.done for log in self._logs.values())

    @property
    def awaited(self) -> bool:
        """Whether some container has ended and not all its lines have come."""
        return any(log.ended and not log.done for log in self._logs.values())

    @property
    def unfinished(self) -> list[int]:
        """The ranks of the containers that still run, which may write more lines."""
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
        self._arranging.later(CROWDED_GATHER_SECONDS if self._reader.crowded else GATHER_SECONDS)

    def ended(self, pod: str, *, going: bool = False, seen: bool = True) -> None:
        """The container of a pod has ended: what is there now is all there will be.

        `going`: its log goes away at once. `seen`: the kubelet has seen the end.
        """
        log = self._logs.get(pod)
        if log and not log.ended:
            log.not_before = 0.0  # what was tried too often before may work now
            now, hidden = self._loop.now, log.batch is not None and log.batch.size > 1
            self._advance(log, events.Ended(at=now, going=going, seen=seen, hidden=hidden))
            self._arranging.later(0)

    def read_now(self) -> None:
        """No more workers will start: those that have are read without waiting for others."""
        self._arranging.now()

    def gone(self, pod: str, *, seen: bool = True) -> None:
        """The pod does not exist any more; `seen`: the kubelet saw its container end."""
        if pod in self._logs:
            self._advance(self._logs[pod], events.Deleted(at=self._loop.now, seen=seen))

    def give_up(self) -> None:
        """Stop waiting for lines of ended workers that have not come."""
        for log in self._logs.values():
            self._advance(log, events.GiveUp(at=self._loop.now))

    def _advance(self, log: PodLog, event: events.Event) -> None:
        """Tell a log what has happened, and do what its phase asks for."""
        if log.done:
            return
        log.advance(event)
        if log.phase not in READ:
            self._reader.leave(log)
        if log.phase in ENDING:
            self._checking.later(CHECK_SECONDS)
        if log.done:
            self._show(log, log.last())
        self._tell_missing(log)

    def _arrange(self) -> None:
        """Read each log that is not read, and should be."""
        now = self._loop.now
        idle = [log for log in self._logs.values() if log.idle and log.not_before <= now]
        newcomers = sum(not (log.alone or log.ended) for log in idle)
        joined = self._reader.to_join(newcomers)
        for log in joined:
            self._advance(log, events.Left(at=now))
        for logs in self._reader.arrange([*idle, *(log for log in joined if log.idle)]):
            self._reader.begin(logs)
            for log in logs:
                self._advance(log, events.Opened(at=now))

    def _take_split(self, batch: Batch, split: Split) -> None:
        for pair in split.mixed:
            # Both are read again from before that line, and the first one by itself.
            for log in (batch.logs.get(pod) for pod in pair):
                if log:
                    log.alone = log.alone or log.pod == pair[0]
                    self._advance(log, events.Left(at=self._loop.now))
            self._arranging.later(GATHER_SECONDS)
        for pod, lines in split.lines.items():
            if pod in batch.logs:
                self._take(batch, batch.logs[pod], lines)

    def _take(self, batch: Batch, log: PodLog, data: bytes) -> None:
        batch.note_bytes(self._loop.now)
        self._allowed = True
        lines = log.take(data, self._loop.now)
        self._tell_missing(log)
        if lines:
            self.heard_at = self._loop.now
            self._show(log, lines)

    def _show(self, log: PodLog, data: bytes) -> None:
        new = self._replay_filter.new(log.pod, data) if self._replay_filter else data
        if new:
            self._write(log.rank, new)

    def _on_end(self, batch: Batch, result: Result) -> None:
        """A stream has ended: well or not, its logs are read again unless they are whole."""
        if stream_end.is_forbidden(result) and not self._allowed:
            raise stream_end.not_allowed(result)
        self._allowed = self._allowed or result.exit_code == 0
        for log in list(batch.logs.values()):
            log.last_words = stream_end.last_line(result)
            how = stream_end.how_closed(log, batch, result)
            self._advance(log, events.Closed(at=self._loop.now, how=how))
            if log.idle and not (log.ended and how is events.Close.WELL):
                self._loop.later(log.wait(self._loop.now), lambda: self._arranging.later(0))
        self._arranging.later(0)

    def _check_for_stalls(self) -> None:
        """Look for streams that were to end, and bring nothing."""
        now = self._loop.now
        for log in self._logs.values():
            if log.phase not in ENDING or log.batch is None:
                continue
            self._checking.later(CHECK_SECONDS)
            if stalls.is_stalled(log, log.batch, now):
                hidden = stalls.is_hidden(log, log.batch)
                self._advance(log, events.Stalled(at=now, hidden=hidden))
                self._arranging.later(0)

    def _tell_missing(self, log: PodLog) -> None:
        for what in log.missing():
            self._lost(log.rank, what)
