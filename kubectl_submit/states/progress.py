"""How far an execution has come, from what its objects say one after the other. Pure."""

from __future__ import annotations

import dataclasses

from kubectl_submit.execution import Execution, Outcome
from kubectl_submit.kubectl import Object
from kubectl_submit.states import jobs, ray_jobs
from kubectl_submit.states.jobs import JobState
from kubectl_submit.states.pods import PodState, pod_state

# What an object says of itself, by its kind.
STATES = {"job": jobs.job_state, "rayjob": ray_jobs.job_state}


class Progress:
    """What is known so far; each change of an object changes it."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.job = JobState()
        self.pods: dict[str, PodState] = {}
        """By name; those that have ended stand in the order of their ends, behind each other."""

    def note_job(self, job: Object) -> None:
        """The Job or RayJob says something new."""
        self.job = STATES[self._execution.kind](job)

    def note_pod(self, change: str, pod: Object) -> PodState:
        """A pod says something new, or (`DELETED`, `MISSING`) no more; how it stands now."""
        state = pod_state(pod, self._execution.container)
        before = self.pods.get(state.name)
        if change in ("DELETED", "MISSING"):
            ended = dataclasses.replace(
                state, ended=True, failed=True, reason=state.reason or "Deleted"
            )
            state = before if before and before.ended else ended
        elif before and before.ended:  # it may be told to stop after its end
            state = dataclasses.replace(state, stopped=before.stopped)
        if state.ended and not (before and before.ended):  # kept in the order of their ends
            self.pods.pop(state.name, None)
        self.pods[state.name] = state
        return state

    def others_failed(self, pod: PodState) -> bool:
        """Whether a pod but this one has failed."""
        return any(one.failed for one in self.pods.values() if one.name != pod.name)

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        told = self.job.told
        return told or jobs.outcome(self.job, self.pods.values(), self._execution.workers)

    @property
    def all_started(self) -> bool:
        """Whether no worker is waited for any more."""
        started = {pod.place for pod in self.pods.values() if pod.started or pod.ended}
        return len(started) >= self._execution.workers

    @property
    def all_known(self) -> bool:
        """Whether each worker has a pod that we know of."""
        return len({pod.place for pod in self.pods.values()}) >= self._execution.workers

    @property
    def explained(self) -> bool:
        """Whether the pods, which are watched apart from the Job, explain how it ended."""
        pods = self.pods.values()
        if not self.all_known or not all(pod.ended for pod in pods):
            return False
        return bool(self.job.told) or self.job.succeeded or any(pod.failed for pod in pods)
