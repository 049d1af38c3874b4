"""One worker's log, and how far it has been read. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubectl_submit.logs.resume import Resume, earlier

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines are wanted, and how."""

    keep_times: bool = False
    """Each behind its time."""
    since: str = ""
    """From this moment on: RFC 3339 in whole seconds; empty: all."""


EVERY_LINE = Wanted()


@dataclass(eq=False)
class Worker:
    """One pod and its log."""

    pod: str
    rank: int
    started_at: str = ""
    resume: Resume = field(default_factory=Resume)
    wanted_since: str = ""
    """From when its lines are wanted: RFC 3339 in whole seconds; empty: from the beginning."""
    group: Group | None = None
    """The group that reads it now; lines from any other do not count any more."""
    alone: bool = False
    """Its lines cannot be told from those of others, so that it is read by itself."""
    ended: bool = False
    """The cluster says that its container has ended."""
    stopped: bool = False
    """It ended because it was told to: its pod goes away at once, and the log with it."""
    gone: bool = False
    """The pod does not exist any more."""
    vanished: bool = False
    """It is gone, and never said that its container ended: with its node, or by force."""
    through: bool = False
    """Its last stream ended well, and nothing has come since."""
    complete: bool = False
    """Every line is there, or will never be."""
    last_words: str = ""
    """What the kubectl that read it last failed with, one line; empty if it ended well."""
    heard_at: float = 0.0
    not_before: float = 0.0
    pause: float = FIRST_PAUSE

    @property
    def sure(self) -> bool:
        """Whether its last stream brought all that it has written."""
        return self.through and not self.vanished

    @property
    def since(self) -> str:
        """From when its log is to be read: RFC 3339, whole seconds; empty: from the beginning."""
        if self.resume.since or not self.started_at:
            return max(self.resume.since, self.wanted_since)
        # The kubelet notes the start only after the first lines may have been written.
        return max(earlier(self.started_at, 5), self.wanted_since)

    def take(self, data: bytes, now: float) -> bytes:
        """The new lines in what has come."""
        self.heard_at = now
        self.pause = FIRST_PAUSE
        lines = self.resume.take(data)
        self.through = self.through and not lines
        return lines

    def wait(self, now: float) -> float:
        """Seconds until it may be read again; longer each time until something comes."""
        pause = self.pause
        self.not_before = now + pause
        self.pause = min(pause * 2, LONGEST_PAUSE)
        return pause

    def missing(self) -> str:
        """What a last reading could not give, for people; empty if it gave all."""
        if self.resume.gap:
            begin, end = self.resume.gap
            self.resume.gap = None
            return f"lines between {begin} and {end} may be missing"
        if self.complete and (self.resume.unreadable or (self.gone and not self.sure)):
            silent = ": ".join(filter(None, ["the node does not give them", self.last_words]))
            why = "its pod is gone" if self.gone else silent
            return f"lines after {self.resume.newest or self.started_at} may be missing: {why}"
        return ""


@dataclass(eq=False)
class Group:
    """The workers that one running kubectl reads, by pod."""

    workers: dict[str, Worker]
    final: bool
    """It was begun after all of its workers had ended."""
