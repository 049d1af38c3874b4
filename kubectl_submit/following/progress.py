"""Tracks the progress of an execution from the changes of its objects. Pure."""

from __future__ import annotations

from dataclasses import replace

from kubectl_submit import execution_backends
from kubectl_submit.execution_backends import lingering, outcomes
from kubectl_submit.execution_backends.lingering import LINGER_SECONDS
from kubectl_submit.following.tries import begins_again
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import DELETED, PodState, newest_of_each_rank, pod_state


class Progress:
    """The state of an execution, updated by each change of an object."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._state = execution_backends.by_kind(execution.kind).state
        self.job = ExecutionState()
        self.pods: dict[str, PodState] = {}
        """By name; pods that have ended are in the order in which they ended."""
        self.given: Outcome | None = None
        """The outcome of a Job that we end, because it would not end on its own."""
        self.reported: Outcome | None = None
        """The outcome as a pod reports it, before its Job ends."""
        self.complete = False
        """Whether there is nothing to wait for, not even for lines."""
        self.begins_again = ""
        """Why the last change means that a command starts again; empty if it does not."""
        self._suspended_in: set[int | str] = set()
        self._seen: dict[str, int] = {}
        self._lingers_since: float | None = None

    def note_job(self, job: Object) -> None:
        """Note a change of the object that runs the command."""
        self.job = self._state(job)
        if self.job.suspended:
            self._suspended_in = {pod.place for pod in self.pods.values() if pod.started}

    def note_pod(self, change: str, pod: Object) -> PodState:
        """Note that a pod has changed or (`DELETED`, `MISSING`) is gone; returns its state."""
        state = pod_state(pod, self._execution.container)
        before = self.pods.get(state.name)
        if change in ("DELETED", "MISSING"):
            ended = replace(state, ended=True, failed=True, reason=state.reason or DELETED)
            state = before if before and before.ended else replace(ended, deleted=True)
        elif before and (before.ended or before.deleted):  # it may be deleted after its end
            state = _deleted_as(state, before)
        state = self._final_problem(state, before)
        self._note_try(state, before)
        if state.ended and not (before and before.ended):  # kept in the order of their ends
            self.pods.pop(state.name, None)
        self.pods[state.name] = state
        return state

    def _note_try(self, state: PodState, before: PodState | None) -> None:
        others = [one for one in self.pods.values() if one.name != state.name]
        suspended = state.place in self._suspended_in
        self.begins_again = begins_again(state, before, others, suspended=suspended)
        if self.begins_again:
            self._suspended_in.discard(state.place)

    def _final_problem(self, state: PodState, before: PodState | None) -> PodState:
        """The state; its start problem becomes final once it was seen often enough."""
        if not state.start_problem or state.start_problem.tries <= 1:
            return state
        was = before.waiting.partition(":")[0] if before else ""
        now = state.waiting.partition(":")[0]
        if now not in (was, "ImagePullBackOff"):  # the kubelet has tried once more
            self._seen[state.name] = self._seen.get(state.name, 0) + 1
        if self._seen.get(state.name, 0) < state.start_problem.tries:
            return state
        return replace(state, start_problem=replace(state.start_problem, tries=1))

    def others_failed(self, pod: PodState) -> bool:
        """Whether another pod has failed."""
        return any(one.failed for one in self.pods.values() if one.name != pod.name)

    def give_up_start(self, why: str, pod: PodState | None = None) -> bool:
        """Note that a worker can never start; returns whether the run ends with an outcome (125).

        It does if other workers have started; if not, the whole Job can be deleted.
        """
        if self.outcome:
            return True
        running = [one for one in self.pods.values() if one.started and not one.ended]
        begun = [one for one in running if pod is None or one.name != pod.name]
        if not begun:
            return False
        who = f"worker {pod.rank}" if pod else "a worker"
        count = f"{len(begun)} others that ran were" if len(begun) > 1 else "1 other that ran was"
        self.given = Outcome(
            exit_code=125, summary=f"{who} cannot start, and {count} stopped: {why}", ends_job=True
        )
        return True

    def take(self, message: str, *, at_once: bool = False) -> None:
        """Take success as the outcome before the Job ends, with the last message of the command.

        `at_once`: its pod need not have ended, and no line is missing.
        """
        self.reported = Outcome(exit_code=0, summary="succeeded", last_message=message)
        self.complete = self.complete or at_once

    def note_time(self, now: float) -> None:
        """Note the time (monotonic, in seconds), to give up containers that outlive the command."""
        decided = lingering.decided(self.job, list(self.pods.values()), self._execution.workers)
        if not decided:
            self._lingers_since = None
        elif self._lingers_since is None:
            self._lingers_since = now
        elif now - self._lingers_since >= LINGER_SECONDS:
            self.given = decided

    @property
    def outcome(self) -> Outcome | None:
        """The outcome; None until the execution has ended."""
        pods = self.pods.values()
        return (
            self.given or self.reported or outcomes.outcome(self.job, pods, self._execution.workers)
        )

    @property
    def all_started(self) -> bool:
        """Whether every worker has started."""
        newest = newest_of_each_rank(self.pods.values())
        return sum(pod.started or pod.ended for pod in newest) >= self._execution.workers

    @property
    def all_known(self) -> bool:
        """Whether every worker has a known pod."""
        return len({pod.place for pod in self.pods.values()}) >= self._execution.workers

    @property
    def explained(self) -> bool:
        """Whether the pods, whose watch may be behind that of the Job, explain its end."""
        pods = self.pods.values()
        if self.given:
            return True
        if not self.all_known or not all(pod.ended for pod in pods):
            return False
        said = self.reported or self.job.outcome
        succeeded = outcomes.has_succeeded(self.job, pods, self._execution.workers)
        return bool(said) or succeeded or any(pod.failed for pod in pods)


def _deleted_as(state: PodState, before: PodState) -> PodState:
    """The state of a pod, with its earlier state of being deleted."""
    reason = state.reason if state.reason != DELETED else ""
    return replace(
        state,
        deleted=before.deleted,
        stopped=before.stopped,
        reason=reason or (DELETED if before.deleted else ""),
    )
