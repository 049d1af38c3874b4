"""The details of one run: phases, workers, events."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit import times
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Run


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of a run; times are RFC 3339, empty if unknown."""

    name: str
    """`build`, `queue`, `start`, `run`, and others that depend on the kind of execution."""
    begin: str
    end: str
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """A Kubernetes event about an object of the run."""

    time: str
    about: str
    text: str
    warning: bool


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """A run with its details."""

    run: Run
    phases: tuple[Phase, ...]
    workers: tuple[tuple[PodState, str], ...]
    """Each with the node it is on, by rank."""
    gone: tuple[tuple[int, str], ...]
    """The ranks of workers whose pods are gone, each with what happened to it."""
    events: tuple[Event, ...]


def phase(name: str, begin: str, end: str, *, open_end: bool = False) -> Phase:
    """A phase between two times; with an open end it lasts until now."""
    until = end or (times.now() if open_end else "")
    return Phase(name=name, begin=begin, end=end, seconds=times.between(begin, until))


def event_time(event: Object) -> str:
    """When an event was last seen; RFC 3339."""
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp", "")
    )
