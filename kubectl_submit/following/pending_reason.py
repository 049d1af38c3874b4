"""Finds out why an execution does not run yet, in one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit import execution_backends
from kubectl_submit.execution_backends import lingering
from kubectl_submit.following.no_pod import no_pod_reason
from kubectl_submit.following.pod_events import PULLING, PodEvents
from kubectl_submit.following.workload import queued
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import STARTING, PodState, newest_of_each_rank


class WaitingReason:
    """Collects the reasons in objects and events, and picks the most informative one."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._backend = execution_backends.by_kind(execution.kind)
        self._workers = execution.workers
        self._prerequisites: dict[str, Object] = {}
        self._no_pod = ""
        self._queued = queued(None, None)
        self._pod_events = PodEvents()
        self.refusal = ""
        """Why a missing pod can never be created; empty while it may be."""
        self.prerequisite_failure: tuple[str, PodState] | None = None
        """The name and state of a prerequisite pod that can never run."""

    def note_event(self, event: Object) -> None:
        """Note an event of the namespace: a warning, or that a node pulls an image."""
        about = event.get("involvedObject", {})
        if about.get("uid") == self._execution.uid:
            message, for_ever = no_pod_reason(event)
            if for_ever:
                self.refusal = message
            self._no_pod = message or self._no_pod
        elif about.get("kind") == self._backend.cluster_kind and self._made_cluster(about):
            self._no_pod = f"{event.get('reason')}: {event.get('message', '')}"
        elif about.get("kind") == "Pod":
            self._pod_events.note(event)

    def _made_cluster(self, about: Object) -> bool:
        return str(about.get("name")).startswith(f"{self._execution.name}-")

    def note_prerequisite(self, change: str, pod: Object) -> None:
        """Note a change of a pod that must run before the command."""
        name = pod["metadata"]["name"]
        if change in ("DELETED", "MISSING"):
            self._prerequisites.pop(name, None)
            return
        state = self._backend.prerequisite_state(pod)
        if state.start_failure:
            self.prerequisite_failure = (name, state)
        self._prerequisites[name] = pod

    def note_queue(self, reason: str) -> None:
        """Note why the run waits in a queue."""
        self._queued = reason

    def reason(self, job: ExecutionState, pods: Iterable[PodState]) -> str:
        """What the run waits for; empty if there is nothing to say."""
        pods = newest_of_each_rank(pods)
        if job.suspended:
            started = any(pod.started for pod in pods)
            again = "; its pods were stopped, and will start again" if started else ""
            return self._queued + again
        if job.succeeded or job.failed:
            return ""
        if len(pods) < self._workers and self._prerequisites:
            return self._backend.prerequisite_reason(
                self._prerequisites.values(), self._pod_events.texts
            )
        if len(pods) < self._workers:
            return f"no pod: {self._no_pod}" if self._no_pod else "no pod yet"
        reasons: dict[str, list[PodState]] = {}
        for pod in pods:
            if not (pod.started or pod.ended):
                reasons.setdefault(self._why(pod), []).append(pod)
        if not reasons:
            return lingering.trouble(pods, self._workers)
        why = max(reasons, key=lambda one: (one != STARTING, len(reasons[one])))
        who = f"{len(reasons[why])} of {self._workers} workers: " if self._workers > 1 else ""
        return f"{who}{why}{_where(why, reasons[why])}"

    def _why(self, pod: PodState) -> str:
        """Why a pod has not started."""
        event = self._pod_events.texts.get(pod.name, "")
        return pod.waiting or event or pod.unplaced or STARTING


def _where(why: str, pods: Iterable[PodState]) -> str:
    """The node that pulls the image of these pods, if it is one."""
    nodes = {pod.node for pod in pods if pod.node}
    return f" on {nodes.pop()}" if why.startswith(PULLING) and len(nodes) == 1 else ""
