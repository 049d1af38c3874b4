"""Why an execution does not run yet, in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.errors import ExecutionError
from kubectl_submit.execution import Execution
from kubectl_submit.kubectl import Object
from kubectl_submit.states.crew import crew_reason, crew_state
from kubectl_submit.states.jobs import JobState
from kubectl_submit.states.pods import STARTING, PodState
from kubectl_submit.states.refusals import no_pod_reason
from kubectl_submit.states.workloads import queued


class Waiting:
    """Collects what objects and events say, and gives the most telling reason."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._workers = execution.workers
        self._crew: dict[str, Object] = {}
        self._no_pod = ""
        self._queued = queued(None, None)
        self._pod_events: dict[str, str] = {}

    def note_event(self, event: Object) -> None:
        """A warning event of the namespace. Raises ExecutionError where there never is a pod."""
        about = event.get("involvedObject", {})
        if about.get("uid") == self._execution.uid:
            message, for_ever = no_pod_reason(event)
            if for_ever:
                raise ExecutionError("the cluster allows no pod", last_words=message)
            self._no_pod = message or self._no_pod
        elif about.get("kind") == "RayCluster" and self._made_cluster(about):
            self._no_pod = f"{event.get('reason')}: {event.get('message', '')}"
        elif about.get("kind") == "Pod":
            text = f"{event.get('reason')}: {event.get('message', '')}"
            self._pod_events[about.get("name", "")] = text.splitlines()[0]

    def _made_cluster(self, about: Object) -> bool:
        return str(about.get("name")).startswith(f"{self._execution.name}-")

    def note_crew(self, change: str, pod: Object) -> None:
        """A pod that must run before those whose lines count. Raises ExecutionError."""
        name = pod["metadata"]["name"]
        if change in ("DELETED", "MISSING"):
            self._crew.pop(name, None)
            return
        state = crew_state(pod)
        if state.hopeless:
            raise ExecutionError(f"the pod {name} cannot run", last_words=state.hopeless)
        self._crew[name] = pod

    def note_queue(self, reason: str) -> None:
        """Why it stands in a queue."""
        self._queued = reason

    def reason(self, job: JobState, pods: Iterable[PodState]) -> str:
        """Why not all workers run; empty if they do, or if there is nothing to say."""
        pods = list(pods)
        if job.suspended:
            return self._queued
        if len(pods) < self._workers and self._crew:
            return crew_reason(self._crew.values(), self._pod_events)
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
