"""Reads the state of a builder from its objects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_submit.builders.manifest import CONTAINER
from kubectl_submit.model import containers
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import STARTING, pod_state

CRASHES = 2
"""After so many, a BuildKit that was never ready is given up."""


def annotation(obj: Object, key: str) -> str:
    """An annotation; empty if there is none."""
    return str((obj["metadata"].get("annotations") or {}).get(key, ""))


def is_ready(stateful_set: Object) -> bool:
    """Whether its pod is ready, and has what the StatefulSet says now."""
    status = stateful_set.get("status", {})
    return bool(
        status.get("observedGeneration", 0) >= stateful_set["metadata"].get("generation", 0)
        and status.get("readyReplicas", 0) >= 1
        and status.get("updateRevision") == status.get("currentRevision")
    )


def newest(pods: Iterable[Object]) -> Object | None:
    """Its newest pod that is not being deleted, if there is one."""
    there = [one for one in pods if "deletionTimestamp" not in one["metadata"]]
    return max(there, key=lambda one: str(one["metadata"]["creationTimestamp"]), default=None)


def crash(pod: Object) -> str:
    """How BuildKit ends each time it starts, with its last words; empty if it does not."""
    found = containers.named(pod.get("status", {}), CONTAINER)
    last = found.get("lastState", {}).get("terminated")
    if last and found.get("restartCount", 0) >= CRASHES and not found.get("ready"):
        words = str(last.get("message", "")).strip()
        return f"BuildKit exits {last['exitCode']} each time it starts:\n{words}".rstrip()
    return ""


def is_unbound(event: Object) -> bool:
    """Whether an event says that a claim waits for somebody to make a volume.

    So says the controller of volumes where no StorageClass makes them.
    """
    about = event.get("involvedObject", {})
    return about.get("kind") == "PersistentVolumeClaim" and event.get("reason") == "FailedBinding"


def waits_for(stateful_set: Object | None, pod: Object | None, events: Mapping[str, str]) -> str:
    """Why it is not ready, in one line. `events`: the last one by the uid of its object."""
    known = pod_state(pod, CONTAINER) if pod else None
    if pod is None or known is None:
        uid = stateful_set["metadata"]["uid"] if stateful_set else ""
        return events.get(uid, "no pod yet")
    if known.started and not known.waiting:
        return "BuildKit starts"
    return known.waiting or events.get(pod["metadata"]["uid"], "") or known.unplaced or STARTING
