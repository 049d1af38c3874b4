"""Follows one execution to its end: its lines as they come, why it waits, and how it ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kubectl_submit.errors import ClusterError, ExecutionError, PendingTimeoutError
from kubectl_submit.execution import Execution, Outcome
from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.logs import EVERY_LINE, LogStreams, Wanted
from kubectl_submit.loop import Loop
from kubectl_submit.object_watch import ObjectWatch, OnChange
from kubectl_submit.queue_watch import QueueWatch
from kubectl_submit.states import jobs, ray_jobs
from kubectl_submit.states.jobs import JobState
from kubectl_submit.states.pods import PodState, pod_state
from kubectl_submit.waiting import Waiting

# How long the job's end waits while no line comes: for workers that are being stopped because
# another one failed (they may ignore it for as long as their grace period), and for those that
# have ended, whose log the node may not give.
STOPPING_SECONDS = 2.0
ENDED_SECONDS = 15.0
# Shorter cuts of the connection are nothing to talk about.
SILENCE_SECONDS = 5.0
# What passes sooner is no waiting; what lasts longer has a reason, which events may tell.
PATIENCE_SECONDS = 2.0


class Audience(Protocol):
    """Whoever sees what happens."""

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of one worker, as it wrote them."""

    def waiting(self, why: str) -> None:
        """Why nothing happens yet; empty when something does."""

    def warn(self, text: str) -> None:
        """Something that must be seen."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What to show, and how long to wait for what, in seconds."""

    logs: str = "all"
    """Whose lines are shown: `all`, `first` (rank 0) or `none`."""
    worker: int | None = None
    """The one worker whose lines are shown; None: all of these."""
    lines: Wanted = EVERY_LINE
    pending: int | None = None
    """Until all workers have started, not counting time in a queue; None: for ever."""
    contact: float = 300.0
    """Without contact to the cluster."""

    def shows(self, rank: int) -> bool:
        """Whether the lines of a worker are shown."""
        if self.logs == "none" or (self.logs == "first" and rank > 0):
            return False
        return self.worker in (None, rank)


DEFAULT = Wishes()
# What an object says of itself, by its kind.
STATES = {"job": jobs.job_state, "rayjob": ray_jobs.job_state}


def follow(
    execution: Execution, kubectl: Kubectl, audience: Audience, wishes: Wishes = DEFAULT
) -> Outcome:
    """Show the execution until it has ended.

    Raises ExecutionError where it can never run or was deleted, PendingTimeoutError, and
    ClusterError when the cluster is out of reach for too long.
    """
    loop = Loop()
    try:
        follower = _Follower(loop, execution, kubectl, audience, wishes)
        while not follower.done:
            loop.run_once()
        return follower.result
    finally:
        loop.close()


class _Follower:
    """What is known so far; each change of an object changes it."""

    def __init__(
        self,
        loop: Loop,
        execution: Execution,
        kubectl: Kubectl,
        audience: Audience,
        wishes: Wishes,
    ) -> None:
        self.done = False
        self._loop = loop
        self._execution = execution
        self._kubectl = kubectl
        self._audience = audience
        self._wishes = wishes
        self._job = JobState()
        self._pods: dict[str, PodState] = {}
        self._logs = LogStreams(
            loop,
            kubectl,
            execution,
            audience.lines,
            self._lost,
            wanted=wishes.lines,
        )
        self._waiting = Waiting(execution)
        self._queue = QueueWatch(loop, kubectl, execution)
        self._admitted_at: float | None = None
        self._decided_at: float | None = None
        self._starting: list[ObjectWatch] = []
        one_job = f"metadata.name={execution.name}"
        self._watched = [
            self._watch(execution.object_path, self._on_job, fieldSelector=one_job),
            self._watch(execution.pods_path, self._on_pod, labelSelector=execution.pod_selector),
        ]
        loop.later(PATIENCE_SECONDS, self._tell)
        if wishes.pending is not None:
            self._give_up_after(wishes.pending)

    @property
    def result(self) -> Outcome:
        """How it ended; only when done."""
        found = self._outcome()
        assert found is not None
        return found

    def _give_up_after(self, seconds: float) -> None:
        """End with PendingTimeoutError if not all workers have started by then."""
        if self._all_started:
            return
        # Time in a queue is no waiting of ours.
        waited = self._loop.now - self._admitted_at if self._admitted_at else 0.0
        if waited < seconds:
            self._loop.later(min(seconds - waited, 1.0), lambda: self._give_up_after(seconds))
            return
        raise PendingTimeoutError(
            f"{self._execution.name} did not start within {seconds:g} seconds",
            last_words=self._waiting.reason(self._job, self._pods.values()),
        )

    def _watch(
        self, path: str, on_change: OnChange, *, needed: bool = True, **query: str
    ) -> ObjectWatch:
        started = ObjectWatch(
            self._loop,
            lambda: self._kubectl.watch(path, **query),
            on_change,
            needed=needed,
            contact_seconds=self._wishes.contact,
        )
        started.start()
        return started

    def _on_job(self, change: str, job: Object) -> None:
        if job["metadata"]["uid"] != self._execution.uid:
            return
        self._job = STATES[self._execution.kind](job)
        if self._job.suspended:
            self._admitted_at = None
        elif self._admitted_at is None:
            self._admitted_at = self._loop.now
        if change == "DELETED" and self._outcome() is None:
            raise ExecutionError(f"the job {self._execution.name} was deleted")
        self._update()

    def _on_pod(self, change: str, pod: Object) -> None:
        state = pod_state(pod, self._execution.container)
        before = self._pods.get(state.name)
        if change == "DELETED":
            ended = dataclasses.replace(
                state, ended=True, failed=True, reason=state.reason or "Deleted"
            )
            state = before if before and before.ended else ended
        elif before and before.ended:  # it may be told to stop after its end
            state = dataclasses.replace(state, stopped=before.stopped)
        if state.ended and not (before and before.ended):  # kept in the order of their ends
            self._pods.pop(state.name, None)
        self._pods[state.name] = state
        others_failed = any(pod.failed for pod in self._pods.values() if pod.name != state.name)
        if state.hopeless and not others_failed:
            raise ExecutionError(f"the pod {state.name} cannot run", last_words=state.hopeless)
        self._read_log(state, gone=change == "DELETED")
        self._update()

    def _read_log(self, pod: PodState, *, gone: bool) -> None:
        if not self._wishes.shows(pod.rank):
            return
        if pod.started and not gone:
            self._logs.started(pod.name, pod.rank, pod.started_at)
        if gone:
            self._logs.gone(pod.name)
        elif pod.ended:
            self._logs.ended(pod.name, stopped=pod.stopped)

    def _lost(self, rank: int, what: str) -> None:
        who = f"worker {rank}: " if self._execution.workers > 1 else ""
        self._audience.warn(f"warning: {who}{what}")

    @property
    def _all_started(self) -> bool:
        started = sum(pod.started or pod.ended for pod in self._pods.values())
        return started >= self._execution.workers

    def _tell(self) -> None:
        """Say every now and then why nothing happens, with what events tell of it."""
        self._loop.later(1.0, self._tell)
        self._check_for_deletion()
        if not (self._all_started or self._starting):
            self._starting = list(self._watch_the_start())
        elif self._all_started:
            for watch in self._starting:
                watch.stop()
        if self._job.suspended:
            self._waiting.note_queue(self._queue.reason())
        else:
            self._queue.stop()
        self._audience.waiting(self._no_contact() or self._why_waiting())

    def _watch_the_start(self) -> Iterator[ObjectWatch]:
        """The reasons for no pod, and for one that does not start, stand in events only."""
        yield self._watch(
            self._execution.events_path,
            lambda _change, event: self._waiting.note_event(event),
            needed=False,
            fieldSelector="type=Warning",
        )
        if self._execution.crew_selector:
            yield self._watch(
                self._execution.pods_path,
                self._waiting.note_crew,
                needed=False,
                labelSelector=self._execution.crew_selector,
            )

    def _check_for_deletion(self) -> None:
        """A job that was deleted while we had no contact does not tell."""
        if not self._watched[0].says_nothing():
            return
        name = f"{self._execution.kind}/{self._execution.name}"
        try:
            deleted = self._kubectl.missing([name], self._execution.namespace)
        except ClusterError:
            return  # how long it is out of reach is counted elsewhere
        if deleted:
            raise ExecutionError(f"the job {self._execution.name} was deleted")

    def _why_waiting(self) -> str:
        if self._all_started:
            return ""
        return self._waiting.reason(self._job, self._pods.values())

    def _no_contact(self) -> str:
        now = self._loop.now
        for one in self._watched:
            if one.out_of_contact and now - one.out_of_contact > SILENCE_SECONDS:
                return f"no contact with the cluster: {one.last_words}"
        return ""

    def _outcome(self) -> Outcome | None:
        own = self._job.told
        return own or jobs.outcome(self._job, self._pods.values(), self._execution.workers)

    def _update(self) -> None:
        if self._decided_at is None and self._outcome() is not None:
            self._decided_at = self._loop.now
            self._finish()

    def _finish(self) -> None:
        """Be done when every line is there, or when no more can be expected."""
        assert self._decided_at is not None
        silent = self._loop.now - max(self._decided_at, self._logs.heard_at)
        if self._pods_told_their_end and self._logs.complete:
            self.done = True
        elif silent >= self._patience:
            self._give_up()
            self.done = True
        else:
            self._loop.later(0.05, self._finish)

    @property
    def _patience(self) -> float:
        all_known = len(self._pods) >= self._execution.workers
        if self._logs.awaited or (self._job.settled and all_known):
            return ENDED_SECONDS
        return STOPPING_SECONDS

    def _give_up(self) -> None:
        self._logs.give_up()
        stopping = self._logs.unfinished
        if stopping:
            who = f"{stopping} workers" if stopping > 1 else "a worker"
            self._audience.warn(f"warning: not shown is what {who} may write until stopped")

    @property
    def _pods_told_their_end(self) -> bool:
        """Whether the pods, which are watched apart from the Job, explain how it ended."""
        pods = self._pods.values()
        if len(pods) < self._execution.workers or not all(pod.ended for pod in pods):
            return False
        return bool(self._job.told) or self._job.succeeded or any(pod.failed for pod in pods)
