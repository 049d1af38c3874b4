"""Why an execution does not run yet, in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.errors import ExecutionError
from kubectl_submit.kubectl import Object
from kubectl_submit.states.jobs import JobState
from kubectl_submit.states.pods import PodState
from kubectl_submit.states.refusals import no_pod_reason

STARTING = "starting (pulling the image, mounting volumes)"


class Waiting:
    """Collects what objects and events say, and gives the most telling reason."""

    def __init__(self, uid: str, workers: int) -> None:
        self._uid = uid
        self._workers = workers
        self._no_pod = ""
        self._queued = "queued (the job is suspended)"
        self._pod_events: dict[str, str] = {}

    def note_event(self, event: Object) -> None:
        """A warning event of the namespace. Raises ExecutionError where there never is a pod."""
        about = event.get("involvedObject", {})
        if about.get("uid") == self._uid:
            message, for_ever = no_pod_reason(event)
            if for_ever:
                raise ExecutionError("the cluster allows no pod", last_words=message)
            self._no_pod = message or self._no_pod
        elif about.get("kind") == "Pod":
            text = f"{event.get('reason')}: {event.get('message', '')}"
            self._pod_events[about.get("name", "")] = text.splitlines()[0]

    def note_queue(self, reason: str) -> None:
        """Why it stands in a queue."""
        self._queued = reason

    def reason(self, job: JobState, pods: Iterable[PodState]) -> str:
        """Why not all workers run; empty if they do, or if there is nothing to say."""
        pods = list(pods)
        if job.suspended:
            return self._queued
        if len(pods) < self._workers:
            return f"no pod: {self._no_pod}" if self._no_pod else "no pod yet"
        reasons: dict[str, int] = {}
        for pod in pods:
            if not (pod.started or pod.ended):
                why = pod.waiting or self._pod_events.get(pod.name, STARTING)
                reasons[why] = reasons.get(why, 0) + 1
        if not reasons:
            return ""
        why = max(reasons, key=lambda one: (one != STARTING, reasons[one]))
        return f"{reasons[why]} of {self._workers} workers: {why}" if self._workers > 1 else why
