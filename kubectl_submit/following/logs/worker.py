"""One pod's log: its lines, its phase, and warnings about missing lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.cursor import Cursor, earlier
from kubectl_submit.following.logs.events import Close, Closed, Deleted, Event, Lines, Opened
from kubectl_submit.following.logs.phases import DONE, RUNNING, UNATTENDED, Phase, State, step

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


@dataclass(eq=False)
class PodLog:
    """One pod's log, and how far it has been read."""

    pod: str
    rank: int
    started_at: str = ""
    """When its container last started: RFC 3339."""
    cursor: Cursor = field(default_factory=Cursor)
    wanted_since: str = ""
    """The time of the first wanted line: RFC 3339 in whole seconds; empty: all lines."""
    state: State = field(default_factory=State)
    batch: Batch | None = None
    """The pods that are read with it now; lines from other streams are ignored."""
    alone: bool = False
    """It needs its own stream, because its lines look like those of other workers."""
    last_words: str = ""
    """The last error line of the last kubectl; empty if it ended well."""
    not_before: float = 0.0
    pause: float = FIRST_PAUSE
    _closed_before: bool = False
    """Whether the previous stream ended well: then a gap may be a restart."""
    _again_at: str = ""
    """When its container was last started again; empty if it was not."""
    _unread_before: str = ""
    """When its container restarted before anything was read; empty: it did not."""
    _batch_before: Batch | None = None
    """Its batch when its container was started again."""
    _gap: tuple[str, str] | None = None
    """Between these times lines may be missing, unless its container was started again."""
    _missing: list[str] = field(default_factory=list)

    @property
    def phase(self) -> Phase:
        """Its phase; only `advance` changes it."""
        return self.state.phase

    @property
    def idle(self) -> bool:
        """Whether it has no reader and needs one."""
        return self.phase in UNATTENDED

    @property
    def ended(self) -> bool:
        """Whether its container has ended, as far as is known."""
        return self.phase not in RUNNING

    @property
    def exists(self) -> bool:
        """Whether its pod exists, as far as is known."""
        return self.phase not in (Phase.GONE, Phase.LOST)

    @property
    def done(self) -> bool:
        """Whether every line was read, or can never be."""
        return self.phase in DONE

    @property
    def since(self) -> str:
        """The time to read its log from: RFC 3339, whole seconds; empty: from the beginning."""
        if self.cursor.since or not self.started_at:
            return max(self.cursor.since, self.wanted_since)
        # The first lines may be older than the start time that the kubelet records.
        return max(earlier(self.started_at, 5), self.wanted_since)

    def advance(self, event: Event) -> None:
        """Apply an event."""
        if isinstance(event, Opened):
            self._closed_before = self.state.closed_at is not None
        before, self.state = self.phase, step(self.state, event)
        if self._ends_empty(event):
            self._unread_before = ""
        if not self.done or before in DONE:
            return
        if self._gap:
            self._note_gap(self._gap)
        self._note_unread()
        if self.phase is Phase.PARTIAL:
            self._note_the_end(before, event)

    def take(self, data: bytes, at: float) -> bytes:
        """The new lines in the data."""
        if self.state.heard_at is None:
            self.cursor.again(ended_well=self._closed_before)
        self.pause = FIRST_PAUSE
        lines = self.cursor.take(data)
        self.advance(Lines(at=at, new=bool(lines) or self.cursor.begins_new_line))
        if self._unread_before and self.cursor.newest:
            if _seconds(self.cursor.newest) >= _seconds(self._unread_before):
                self._note_unread()
            self._unread_before = ""
        gap, self.cursor.gap = self.cursor.gap, None
        if gap and not self._closed_before:
            self._note_gap(gap)
        elif gap:
            self._gap = gap
            self.started_again(self.started_at)
        return lines

    def last(self) -> bytes:
        """The last line, if it has no newline."""
        return self.cursor.last()

    def started_again(self, started_at: str) -> None:
        """Note the start time of its container; a new time means that it was started again."""
        if started_at and started_at != self.started_at:
            self.started_at = self._again_at = started_at
            if not self.cursor.newest and self.state.closed_at is None:
                self.begins_later()
        if self._gap and self._again_at and _seconds(self._again_at) >= _seconds(self._gap[0]):
            self._gap = None

    def begins_later(self) -> None:
        """Note that its container ran before `started_at`, and its lines of then were not read."""
        self._unread_before = "" if self.wanted_since else self.started_at
        self._batch_before = self.batch

    def how_closed(self, *, well: bool, refused: bool) -> Close:
        """How its stream has ended; `well`: without an error, `refused`: for good."""
        heard = self.state.heard_at is not None
        if refused or (well and heard and self.cursor.troubled):
            return Close.REFUSED
        if not well:
            return Close.BROKEN
        torn = self.cursor.torn if heard else self.cursor.begun
        return Close.TORN if torn else Close.WELL

    def wait(self, now: float) -> float:
        """Seconds until it may be read again; longer each time until lines come."""
        pause = self.pause
        self.not_before = now + pause
        self.pause = min(pause * 2, LONGEST_PAUSE)
        return pause

    def missing(self) -> list[str]:
        """Warnings about missing lines; each is given once."""
        missing, self._missing = self._missing, []
        return missing

    def _ends_empty(self, event: Event) -> bool:
        """Whether the log of the previous start has ended, and was empty."""
        well = isinstance(event, Closed) and event.how is Close.WELL
        before = self.batch is not None and self.batch is self._batch_before
        return well and before and self.state.heard_at is None

    def _note_unread(self) -> None:
        """Warn if its container ran before, and that log was not read."""
        before, self._unread_before = self._unread_before, ""
        if before:
            again = "its container was started again"
            self._missing.append(f"lines before {before} may be missing: {again}")

    def _note_gap(self, gap: tuple[str, str]) -> None:
        self._gap = None
        self._missing.append(f"lines between {gap[0]} and {gap[1]} may be missing")

    def _note_the_end(self, before: Phase, event: Event) -> None:
        newest = self.cursor.newest
        if isinstance(event, Closed) and event.how is Close.TORN and newest:
            self._note_gap((newest, "the end"))
            return
        why = ": ".join(filter(None, ["the node does not give them", self.last_words]))
        if isinstance(event, Deleted) or before in (Phase.GONE, Phase.LOST):
            why = "its pod is gone"
        after = newest or self.started_at
        lines = f"lines after {after}" if after else "lines"
        self._missing.append(f"{lines} may be missing: {why}")


def _seconds(moment: str) -> datetime:
    """The time in whole seconds."""
    zone = "+00:00" if moment.endswith("Z") else moment[-6:]
    return datetime.fromisoformat(moment[:19] + zone)
