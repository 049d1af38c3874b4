"""Follows one execution to its end: its lines as they come, why it waits, and how it ended."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from typing import Protocol

from kubectl_submit import watch
from kubectl_submit.command import Result, Stream
from kubectl_submit.errors import ClusterError, ExecutionError, PendingTimeoutError
from kubectl_submit.execution import Execution, Outcome
from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.log_streams import LogStreams
from kubectl_submit.loop import Loop
from kubectl_submit.watch import JobState, PodState

CONTACT_SECONDS = 300.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
# How long the job's end waits for lines still to come: of workers that are being stopped because
# another one failed (they may ignore it for as long as their grace period), and of those that
# have ended, whose log the node may not give.
STOPPING_SECONDS = 2.0
ENDED_SECONDS = 15.0
# A Job without pods after that long has a reason, which only its events tell.
NO_POD_SECONDS = 2.0


class Audience(Protocol):
    """Whoever sees what happens."""

    def lines(self, rank: int, data: bytes) -> None:
        """Whole lines of one worker, as it wrote them."""

    def status(self, text: str) -> None:
        """Something to know while waiting."""

    def warn(self, text: str) -> None:
        """Something that must be seen."""


def follow(
    execution: Execution,
    kubectl: Kubectl,
    audience: Audience,
    *,
    pending_timeout: int | None = None,
) -> Outcome:
    """Show the execution until it has ended.

    Raises ExecutionError where it can never run or was deleted, PendingTimeoutError (seconds,
    counted while it is not queued), ClusterError when the cluster is out of reach too long.
    """
    loop = Loop()
    try:
        follower = _Follower(loop, execution, kubectl, audience)
        if pending_timeout is not None:
            follower.give_up_after(pending_timeout)
        while not follower.done:
            loop.run_once()
        return follower.result
    finally:
        loop.close()


class _Follower:
    """What is known so far; each change of an object changes it."""

    def __init__(
        self, loop: Loop, execution: Execution, kubectl: Kubectl, audience: Audience
    ) -> None:
        self._loop = loop
        self._execution = execution
        self._kubectl = kubectl
        self._audience = audience
        self._job = JobState()
        self._pods: dict[str, PodState] = {}
        self._logs = LogStreams(loop, kubectl, execution, audience.lines, self._lost)
        self._no_pod = ""
        self._told = ""
        self._decided_at: float | None = None
        self.done = False
        one_job = f"metadata.name={execution.name}"
        self._watch(execution.job_path, self._on_job, fieldSelector=one_job)
        self._watch(execution.pods_path, self._on_pod, labelSelector=execution.pod_selector)
        loop.later(NO_POD_SECONDS, self._ask_for_events)

    @property
    def result(self) -> Outcome:
        """How it ended; only when done."""
        found = self._outcome()
        assert found is not None
        return found

    def give_up_after(self, seconds: float) -> None:
        """End with PendingTimeoutError if a worker has not started by then."""

        def check() -> None:
            if self._job.suspended:  # time in a queue is no waiting of ours
                self._loop.later(seconds, check)
            elif sum(pod.started for pod in self._pods.values()) < self._execution.workers:
                raise PendingTimeoutError(
                    f"{self._execution.name} did not start within {seconds:g} seconds",
                    last_words=self._reason(),
                )

        self._loop.later(seconds, check)

    def _watch(
        self,
        path: str,
        on_event: Callable[[str, Object], None],
        *,
        needed: bool = True,
        **query: str,
    ) -> None:
        def open_stream() -> Stream:
            return self._kubectl.watch(path, **query)

        _Watch(self._loop, open_stream, on_event, needed=needed).start()

    def _on_job(self, change: str, job: Object) -> None:
        if job["metadata"]["uid"] != self._execution.uid:
            return
        self._job = watch.job_state(job)
        if change == "DELETED" and self._outcome() is None:
            raise ExecutionError(f"the job {self._execution.name} was deleted")
        self._update()

    def _on_pod(self, change: str, pod: Object) -> None:
        state = watch.pod_state(pod, self._execution.container)
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
        if state.hopeless:
            raise ExecutionError(f"the pod {state.name} cannot run", last_words=state.hopeless)
        self._read_log(state, gone=change == "DELETED")
        self._update()

    def _read_log(self, pod: PodState, *, gone: bool) -> None:
        if pod.started and not gone:
            self._logs.started(pod.name, pod.rank, pod.started_at)
        if gone:
            self._logs.gone(pod.name)
        elif pod.ended:
            self._logs.ended(pod.name)

    def _lost(self, rank: int, what: str) -> None:
        who = f"worker {rank}: " if self._execution.workers > 1 else ""
        self._audience.warn(f"warning: {who}{what}")

    def _on_event(self, _change: str, event: Object) -> None:
        message, for_ever = watch.no_pod_reason(event)
        if message and len(self._pods) < self._execution.workers:
            if for_ever:
                raise ExecutionError("the cluster allows no pod", last_words=message)
            self._no_pod = message
            self._update()

    def _ask_for_events(self) -> None:
        if len(self._pods) < self._execution.workers and not self._job.suspended:
            of_job = f"involvedObject.uid={self._execution.uid}"
            path = self._execution.events_path
            self._watch(path, self._on_event, needed=False, fieldSelector=of_job)

    def _outcome(self) -> Outcome | None:
        return watch.outcome(self._job, self._pods.values(), self._execution.workers)

    def _update(self) -> None:
        reason = self._reason()
        if reason and reason != self._told:
            self._audience.status(f"waiting: {reason}")
        self._told = reason
        if self._outcome() is not None:
            self._finish()

    def _reason(self) -> str:
        if self._job.suspended:
            return "queued (the job is suspended)"
        if self._no_pod and len(self._pods) < self._execution.workers:
            return f"no pod: {self._no_pod}"
        return watch.waiting_reason(self._pods.values())

    def _finish(self) -> None:
        """Be done when every line is there, or when no more can be expected."""
        now = time.monotonic()
        if self._decided_at is None:
            self._decided_at = now
        patience = ENDED_SECONDS if self._job.settled else STOPPING_SECONDS
        ended = all(pod.ended for pod in self._pods.values())
        if (ended and self._logs.complete) or now >= self._decided_at + patience:
            self.done = True
        else:
            self._loop.later(0.05, self._finish)


class _Watch:
    """The changes of some objects, begun again whenever the server or the network ends it."""

    def __init__(
        self,
        loop: Loop,
        open_stream: Callable[[], Stream],
        on_event: Callable[[str, Object], None],
        *,
        needed: bool,
    ) -> None:
        self._loop = loop
        self._open = open_stream
        self._on_event = on_event
        self._needed = needed
        self._rest = b""
        self._pause = FIRST_PAUSE
        self._contact = time.monotonic()

    def start(self) -> None:
        self._rest = b""
        self._loop.read(self._open(), self._on_bytes, self._on_end)

    def _on_bytes(self, data: bytes) -> None:
        self._pause = FIRST_PAUSE
        self._contact = time.monotonic()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                self._on_event(event["type"], event["object"])

    def _on_end(self, result: Result) -> None:
        if "(Forbidden)" in result.stderr or "(Unauthorized)" in result.stderr:
            if not self._needed:
                return
            raise ClusterError("may not watch the job", last_words=result.stderr)
        if time.monotonic() - self._contact > CONTACT_SECONDS:
            raise ClusterError("lost contact with the cluster", last_words=result.stderr)
        self._loop.later(self._pause, self.start)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
