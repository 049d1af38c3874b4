"""What can happen to a pod's log. Pure; `at` is in seconds, as the loop counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Close(Enum):
    """How a stream has ended for one log."""

    WELL = "without an error"
    TORN = "without an error, but it showed nothing of what had been seen before"
    REFUSED = "there is no such log any more"
    BROKEN = "with an error: the log may be readable later"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A kubectl that reads it was started."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Something of it came, new or seen before."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Its stream has ended."""

    at: float
    how: Close


@dataclass(frozen=True, kw_only=True)
class Left:
    """Its stream does not count any more; what it has not brought is read again."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The cluster says that its container has ended."""

    at: float
    going: bool = False
    """Its log goes away at once: the pod is being deleted, or was evicted."""
    seen: bool = True
    """The kubelet saw the end; else somebody only says so, because the node does not answer."""
    hidden: bool = False
    """It shares a stream, which does not show that this worker's lines have ended."""


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """Its pod does not exist any more."""

    at: float
    seen: bool = True


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """Its stream was to end, and brings nothing."""

    at: float
    hidden: bool = False
    """It shares a stream, which would not show that this worker's lines have ended."""


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """The wait for what has ended is over."""

    at: float


Event = Opened | Lines | Closed | Left | Ended | Deleted | Stalled | GiveUp
