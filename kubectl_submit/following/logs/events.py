"""The events of a pod's log. Pure; `at` is in seconds of the event loop's clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Close(Enum):
    """How the stream of a log has ended."""

    WELL = "without an error"
    TORN = "without an error, but it repeated no seen line"
    REFUSED = "the log no longer exists"
    BROKEN = "with an error: the log may be readable later"
    DENIED = "before it began: the user may not read the log, whose container runs"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A kubectl was started that reads the log."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of it arrived."""

    at: float
    new: bool = True
    """At least one of them, or the beginning of one, was not seen before."""


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Its stream has ended."""

    at: float
    how: Close


@dataclass(frozen=True, kw_only=True)
class Left:
    """Its stream is ignored from now on; missing lines are read again."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Its container has ended, according to the cluster."""

    at: float
    going: bool = False
    """Its log is about to be removed: the pod is being deleted, or was evicted."""
    seen: bool = True
    """The kubelet reported the end; else the control plane, because the node does not answer."""


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """Its pod does not exist any more."""

    at: float
    seen: bool = True


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """Its stream should have ended, but is stuck."""

    at: float
    hidden: bool = False
    """It shares a stream, which would not show the end of a single worker's lines."""


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """The wait for the logs of ended containers is over."""

    at: float


Event = Opened | Lines | Closed | Left | Ended | Deleted | Stalled | GiveUp
