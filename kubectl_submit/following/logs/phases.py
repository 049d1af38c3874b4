"""The state machine of a pod's log: its phases and their transitions. Pure.

A stream that ends without an error is complete only if its container had ended: streams end the
same way when a kubelet or an API server stops. So a log is whole once a stream that was opened
after the end of the container has ended well. If the pod was deleted or the node
has removed the log, a stream that ended well at about the time of the container's end counts, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from kubectl_submit.following.logs.events import (
    Close,
    Closed,
    Deleted,
    Ended,
    Event,
    GiveUp,
    Left,
    Lines,
    Opened,
    Stalled,
)

# The longest time between the end of a stream and the report that its container has ended.
CLOSE_SECONDS = 10.0


class Phase(Enum):
    """The phase of a pod's log."""

    IDLE = "it has no reader; its container runs, as far as is known"
    FOLLOWING = "`kubectl logs -f` reads it; its container runs, as far as is known"
    DRAINING = "its container has ended; the open stream may still bring the rest"
    GOING = "as DRAINING, but the log is about to be removed: a new stream may be too late"
    UNREAD = "its container has ended, and it has no reader: it must be read once more"
    FINAL = "a kubectl that was started after the end of its container reads it"
    GONE = "its pod is deleted; the open stream may still bring the rest"
    LOST = "the kubelet will never report the end of its container; only the open stream is left"
    WHOLE = "every line was read"
    PARTIAL = "lines may be missing, and cannot be read any more"


RUNNING = frozenset({Phase.IDLE, Phase.FOLLOWING})
UNATTENDED = frozenset({Phase.IDLE, Phase.UNREAD})
DONE = frozenset({Phase.WHOLE, Phase.PARTIAL})
# Their streams end soon; one that stays quiet instead has stalled.
ENDING = frozenset({Phase.DRAINING, Phase.GOING, Phase.FINAL, Phase.GONE, Phase.LOST})
READ = ENDING | {Phase.FOLLOWING}
# After a stream that ended well at the end of the container, these mean that the log is whole.
NOTHING_MORE = frozenset(
    {
        (Phase.GOING, Close.TORN),
        (Phase.GOING, Close.REFUSED),
        (Phase.FINAL, Close.REFUSED),
    }
)


@dataclass(frozen=True, kw_only=True)
class State:
    """The phase of a log, and the times it depends on (seconds of the event loop's clock)."""

    phase: Phase = Phase.IDLE
    quiet_since: float = 0.0
    """When its stream last brought something, or its phase changed."""
    heard_at: float | None = None
    """When the open stream last brought something; None if it has not yet."""
    closed_at: float | None = None
    """When a stream ended well, if nothing new has come since and its container did not run on."""

    def to(self, phase: Phase, at: float) -> State:
        """The same in another phase."""
        return self if phase is self.phase else replace(self, phase=phase, quiet_since=at)


def _verdict(state: State) -> Phase:
    """The final phase of a log that cannot be read any more."""
    sure = state.closed_at is not None and state.phase is not Phase.LOST
    return Phase.WHOLE if sure else Phase.PARTIAL


def _opened(state: State, event: Opened) -> State:
    opened = {Phase.IDLE: Phase.FOLLOWING, Phase.UNREAD: Phase.FINAL}
    if state.phase not in opened:
        return state
    return replace(state.to(opened[state.phase], event.at), heard_at=None)


def _heard(state: State, event: Lines) -> State:
    closed_at = None if event.new else state.closed_at
    return replace(state, quiet_since=event.at, heard_at=event.at, closed_at=closed_at)


def _closed(state: State, event: Closed) -> State:
    if state.phase not in READ:
        return state
    closed = replace(state, closed_at=_evidence(state, event))
    verdict = _verdict(closed)
    otherwise = {Phase.FOLLOWING: Phase.IDLE, Phase.LOST: Phase.PARTIAL, Phase.GONE: verdict}
    then = otherwise.get(state.phase, Phase.UNREAD)
    if event.how is Close.WELL and state.phase in (Phase.GOING, Phase.FINAL, Phase.GONE):
        then = Phase.WHOLE
    elif (state.phase, event.how) == (Phase.FINAL, Close.TORN):
        then = verdict
    elif (state.phase, event.how) in NOTHING_MORE and verdict is Phase.WHOLE:
        then = Phase.WHOLE
    return closed.to(then, event.at)


def _evidence(state: State, event: Closed) -> float | None:
    """When the last stream ended well, given the end of this one.

    If a log is refused right after a stream of it ended well, its container has ended. A stream
    that broke after it had begun, or while the container ran, may have missed lines; one that
    could not begin, or was not permitted, changes nothing.
    """
    if event.how is Close.DENIED:
        return state.closed_at
    following, heard = state.phase is Phase.FOLLOWING, state.heard_at is not None
    if event.how is Close.WELL:
        return event.at
    if event.how is Close.BROKEN and (following or heard):
        return None
    soon = not heard or event.at - state.quiet_since <= CLOSE_SECONDS
    return event.at if state.closed_at is not None and following and soon else state.closed_at


def _left(state: State, event: Left) -> State:
    left = replace(state, closed_at=None)
    if state.phase is Phase.FOLLOWING:
        return left.to(Phase.IDLE, event.at)
    if state.phase in ENDING:
        gone = state.phase in (Phase.GONE, Phase.LOST)
        return left.to(Phase.PARTIAL if gone else Phase.UNREAD, event.at)
    return left


def _at_the_end(state: State, at: float, *, seen: bool) -> State:
    """A stream that ended well counts only if it did so at the time of the container's end."""
    if state.closed_at is None or not seen or at - state.closed_at > CLOSE_SECONDS:
        return replace(state, closed_at=None)
    return state


def _ended(state: State, event: Ended) -> State:
    if state.phase not in RUNNING:
        return state
    ended = _at_the_end(state, event.at, seen=event.seen)
    if state.phase is Phase.IDLE:
        return ended.to(Phase.UNREAD, event.at)
    if not event.seen:
        return ended.to(Phase.LOST, event.at)
    if event.going:
        return ended.to(Phase.GOING, event.at)
    return ended.to(Phase.DRAINING, event.at)


def _deleted(state: State, event: Deleted) -> State:
    if state.phase in RUNNING or not event.seen:
        state = _at_the_end(state, event.at, seen=event.seen)
    if state.phase in UNATTENDED:
        return state.to(_verdict(state), event.at)
    if state.phase is Phase.LOST or not event.seen:
        return state.to(Phase.LOST, event.at)
    return state.to(Phase.GONE, event.at)


def _stalled(state: State, event: Stalled) -> State:
    if state.phase is Phase.GONE and event.hidden:
        return state.to(Phase.WHOLE, event.at)
    if state.phase in (Phase.GONE, Phase.LOST):
        return state.to(_verdict(state), event.at)
    return state.to(Phase.UNREAD, event.at) if state.phase in ENDING else state


def _given_up(state: State, event: GiveUp) -> State:
    return state if state.phase in RUNNING else state.to(_verdict(state), event.at)


_STEPS: dict[type[Event], Callable[[State, Any], State]] = {
    Opened: _opened,
    Lines: _heard,
    Closed: _closed,
    Left: _left,
    Ended: _ended,
    Deleted: _deleted,
    Stalled: _stalled,
    GiveUp: _given_up,
}


def step(state: State, event: Event) -> State:
    """The state after an event. Nothing else changes a phase."""
    return state if state.phase in DONE else _STEPS[type(event)](state, event)
