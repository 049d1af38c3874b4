"""Starts and ends the programs that read logs, according to the phases of the logs.

Each event goes to the log of its worker. Its new phase says what to do: open a stream for it, take
it out of its stream, or warn of missing lines.
"""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.following.logs import events, stalls, stream_end
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.cursor import Cursor
from kubectl_submit.following.logs.line_options import EVERY_LINE, LineOptions
from kubectl_submit.following.logs.phases import ENDING, READ, Phase
from kubectl_submit.following.logs.prefixed import Split
from kubectl_submit.following.logs.reader import Reader
from kubectl_submit.following.logs.replay_filter import ReplayFilter
from kubectl_submit.following.logs.worker import PodLog
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.process.once import Once

# Workers that start within this time are read together.
GATHER_SECONDS = 0.1
# The same if each newcomer makes other workers be read again.
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
        """When the last new line came, by the event loop's clock."""

    @property
    def complete(self) -> bool:
        """Whether every line of every started pod was read, or can never be."""
        return all(log.done for log in self._logs.values())

    @property
    def awaited(self) -> bool:
        """Whether a container has ended whose log is not complete."""
        return any(log.ended and not log.done for log in self._logs.values())

    @property
    def unfinished(self) -> list[int]:
        """The ranks of the containers that still run."""
        return sorted(log.rank for log in self._logs.values() if not log.ended)

    def started(self, pod: str, rank: int, started_at: str, *, again: bool = False) -> None:
        """Note that the container of a pod has started, at a time in RFC 3339.

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
        """Note that the container of a pod has ended.

        `going`: its log is about to be removed. `seen`: the kubelet has reported the end.
        """
        log = self._logs.get(pod)
        if log and not log.ended:
            log.not_before = 0.0  # earlier failures do not matter any more
            self._advance(log, events.Ended(at=self._loop.now, going=going, seen=seen))
            self._arranging.later(0)

    def read_now(self) -> None:
        """Read all workers at once: no more will start."""
        self._arranging.now()

    def gone(self, pod: str, *, seen: bool = True) -> None:
        """Note that the pod is deleted; `seen`: the kubelet reported its container's end."""
        if pod in self._logs:
            self._advance(self._logs[pod], events.Deleted(at=self._loop.now, seen=seen))

    def give_up(self) -> None:
        """Stop waiting for missing lines of ended workers."""
        for log in self._logs.values():
            self._advance(log, events.GiveUp(at=self._loop.now))

    def _advance(self, log: PodLog, event: events.Event) -> None:
        """Pass an event to a log, and do what its new phase requires."""
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
        """Start reading each log that needs a reader."""
        now = self._loop.now
        for log in self._logs.values():
            # A stream that several logs share does not show where one of them ends.
            if log.phase is Phase.DRAINING and log.batch and log.batch.size > 1:
                self._advance(log, events.Left(at=now))
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
        """A stream has ended: its logs are read again unless they are whole."""
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
        """Look for stuck streams."""
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
