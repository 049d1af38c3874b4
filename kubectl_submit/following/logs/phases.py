"""How far a pod's log has been read: its phases, and what leads from one to the next. Pure.

A stream that ends well has brought every line only if its container had ended. A kubelet or an API
server that goes away ends streams well, too. So a log is whole once a reading that began after the
end of the container has ended well. Where such a reading is not possible any more, because the pod
was deleted or the node has removed the log, a stream that ended well at the time of the end counts.
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

# The end of a container is known so much later than its stream has ended, or sooner.
CLOSE_SECONDS = 10.0


class Phase(Enum):
    """Each pod's log is in one of these at a time."""

    IDLE = "it has no reader; its container runs, as far as is known"
    FOLLOWING = "`kubectl logs -f` reads it; its container runs, as far as is known"
    DRAINING = "its container has ended; the stream that is open may still bring the rest"
    GOING = "as DRAINING, and the log goes away: another reading may come too late"
    UNREAD = "its container has ended, and it has no reader: one last reading is due"
    FINAL = "a kubectl that was started after the end of its container reads it"
    GONE = "its pod does not exist any more; the stream that is open may still bring the rest"
    LOST = "the end of its container was not seen and never will be; only the open stream is left"
    WHOLE = "every line is here"
    PARTIAL = "lines may be missing, and cannot be read any more"


RUNNING = frozenset({Phase.IDLE, Phase.FOLLOWING})
UNATTENDED = frozenset({Phase.IDLE, Phase.UNREAD})
DONE = frozenset({Phase.WHOLE, Phase.PARTIAL})
# Their streams end soon; one that stays quiet instead has stalled.
ENDING = frozenset({Phase.DRAINING, Phase.GOING, Phase.FINAL, Phase.GONE, Phase.LOST})
READ = ENDING | {Phase.FOLLOWING}
# Where a stream has ended well at the end of the container, these say that there is nothing more.
NOTHING_MORE = frozenset(
    {
        (Phase.GOING, Close.TORN),
        (Phase.GOING, Close.REFUSED),
        (Phase.FINAL, Close.REFUSED),
    }
)


@dataclass(frozen=True, kw_only=True)
class State:
    """One log's phase, and the times that it depends on (in seconds, as the loop counts)."""

    phase: Phase = Phase.IDLE
    quiet_since: float = 0.0
    """When its stream last brought something, or its phase changed."""
    heard_at: float | None = None
    """When the stream that is open has brought something; None if it has not."""
    closed_at: float | None = None
    """When a stream ended well, if nothing has come since and its container did not run on."""

    def to(self, phase: Phase, at: float) -> State:
        """The same in another phase."""
        return self if phase is self.phase else replace(self, phase=phase, quiet_since=at)


def _verdict(state: State) -> Phase:
    """What becomes of a log that cannot be read any more."""
    sure = state.closed_at is not None and state.phase is not Phase.LOST
    return Phase.WHOLE if sure else Phase.PARTIAL


def _opened(state: State, event: Opened) -> State:
    begun = {Phase.IDLE: Phase.FOLLOWING, Phase.UNREAD: Phase.FINAL}
    if state.phase not in begun:
        return state
    return replace(state.to(begun[state.phase], event.at), heard_at=None)


def _heard(state: State, event: Lines) -> State:
    return replace(state, quiet_since=event.at, heard_at=event.at, closed_at=None)


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
    """When a stream ended well, after this one has ended.

    A log that is refused right after a stream of it has ended well is one whose container has
    ended. A broken stream says nothing about a container that has ended; one that still runs may
    have written more.
    """
    if event.how is Close.WELL:
        return event.at
    if event.how is Close.BROKEN and state.phase is Phase.FOLLOWING:
        return None
    if state.closed_at is not None and state.phase is Phase.FOLLOWING:
        return event.at
    return state.closed_at


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
    return ended.to(Phase.UNREAD if event.hidden else Phase.DRAINING, event.at)


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
    """What a log is after an event. Nothing else changes a phase."""
    return state if state.phase in DONE else _STEPS[type(event)](state, event)
