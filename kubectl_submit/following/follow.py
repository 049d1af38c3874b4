"""Follows one execution to its end: shows its output and why it waits, and gives its outcome."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.object_watch import NO_MORE, ObjectWatch, OnChange
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ExecutionError
from kubectl_submit.following import log_changes
from kubectl_submit.following.last_lines import LastLines
from kubectl_submit.following.listener import FollowOptions, LogListener
from kubectl_submit.following.logs import LogStreams
from kubectl_submit.following.pending_timeout import PendingTimeout
from kubectl_submit.following.progress import Progress
from kubectl_submit.following.start_watch import StartWatch
from kubectl_submit.model import start_problems
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.runs import settlement

EVICTION_SECONDS = 10.0  # so often, the kubelet looks for pods to evict
PATIENCE_SECONDS = 2.0  # for a longer wait, events may show the reason
EVERYTHING = FollowOptions()


def follow(
    execution: Execution,
    kubectl: Kubectl,
    listener: LogListener,
    options: FollowOptions = EVERYTHING,
    *,
    loop: Loop | None = None,
) -> Outcome:
    """Show the execution until it has ended.

    Raises ExecutionError if it can never run or was deleted, PendingTimeoutError, and ClusterError
    if the cluster is out of reach for too long.
    """
    try:
        outcome, maybe = _to_the_end(execution, kubectl, listener, options, loop or Loop())
    except ExecutionError as error:
        settlement.explain(execution, error, kubectl)
        raise
    return settlement.settle(execution, outcome, kubectl, listener.warn, maybe_evicted=maybe)


def _to_the_end(
    execution: Execution,
    kubectl: Kubectl,
    listener: LogListener,
    options: FollowOptions,
    loop: Loop,
) -> tuple[Outcome, bool]:
    """The outcome, and whether an eviction is possible: lines are missing, or it took its time."""
    begun = loop.now
    try:
        follower = _Follower(loop, execution, kubectl, listener, options)
        while not follower.ending.done:
            loop.run_once()
        return follower.ending.result, follower.lost_lines or loop.now - begun > EVICTION_SECONDS
    finally:
        loop.close()


class _Follower:
    """Watches the objects, and reacts to their changes."""

    def __init__(
        self,
        loop: Loop,
        execution: Execution,
        kubectl: Kubectl,
        listener: LogListener,
        options: FollowOptions,
    ) -> None:
        self.lost_lines = False
        self._loop = loop
        self._execution = execution
        self._kubectl = kubectl
        self._listener = listener
        self._options = options
        self._progress = Progress(execution)
        self._logs = LogStreams(
            loop, kubectl, execution, self._show, self._lost, wanted=options.lines
        )
        self._start = StartWatch(loop, kubectl, execution, self._progress)
        self.ending = LastLines(loop, self._logs, self._progress, listener.warn)
        self._timeout = PendingTimeout(loop, execution, self._progress, self.ending)
        self._job_is_there = False
        name = f"metadata.name={execution.name}"
        self._watched = [
            self._watch(execution.object_path, self._on_job, self._on_listed, fieldSelector=name),
            self._watch(execution.pods_path, self._on_pod, labelSelector=execution.pod_selector),
        ]
        loop.later(PATIENCE_SECONDS, self._report)
        if options.pending is not None:
            self._timeout.start(options.pending, lambda: self._start.reason)

    def _watch(
        self,
        path: str,
        on_change: OnChange,
        on_listed: Callable[[], None] = lambda: None,
        **query: str,
    ) -> ObjectWatch:
        started = ObjectWatch(
            self._loop,
            self._kubectl,
            path,
            query,
            on_change,
            needed=True,
            contact_seconds=self._options.contact,
            on_listed=on_listed,
        )
        started.start()
        return started

    def _on_job(self, change: str, job: Object) -> None:
        if job["metadata"]["uid"] != self._execution.uid:
            return
        self._job_is_there = change not in NO_MORE
        self._progress.note_job(job)
        self._timeout.note_job()
        if not self._job_is_there:
            self._on_listed()
        self._update()

    def _on_listed(self) -> None:
        """The first list is complete: if the job is not in it, it was deleted."""
        if not self._job_is_there and self._progress.outcome is None:
            message = f"the job {self._execution.name} was deleted"
            self.ending.wait(ExecutionError(message, code=ErrorCode.RUN_DELETED))

    def _on_pod(self, change: str, pod: Object) -> None:
        state = self._progress.note_pod(change, pod)
        if self._progress.begins_again:
            again = self._progress.begins_again
            self._listener.warn(f"{self._who(state.rank)}the command begins again: {again}")
        if self._options.shows(state.rank):
            log_changes.note_pod(self._logs, state, pod, change)
        if self._options.enough(state):
            self._progress.take(state.message)
        if state.start_failure and not self._progress.others_failed(state):
            self._cannot_start(state.name, state)
        self._update()

    def _show(self, rank: int, data: bytes) -> None:
        self._listener.lines(rank, data)
        if message := self._options.told():
            self._progress.take(message, at_once=True)
            self._update()

    def _cannot_start(self, name: str, pod: PodState) -> None:
        """End because a pod can never run: with an outcome if other workers have started."""
        if not self._progress.give_up_start(pod.start_failure, pod):
            error = ExecutionError(
                f"the pod {name} cannot run",
                code=ErrorCode.POD_CANNOT_RUN,
                last_words=pod.start_failure,
                remedy=start_problems.remedy(pod.start_failure),
            )
            problem = pod.start_problem
            if problem and problem.container:
                error.log_source = (name, problem.container)
            self.ending.wait(error)

    def _lost(self, rank: int, what: str) -> None:
        self.lost_lines = True
        self._listener.warn(f"warning: {self._who(rank)}{what}")

    def _who(self, rank: int) -> str:
        return f"worker {rank}: " if self._execution.workers > 1 else ""

    def _report(self) -> None:
        """Show once a second why nothing happens."""
        self._loop.later(1.0, self._report)
        self._progress.note_time(self._loop.now)
        self._note_refusals()
        self._update()
        self._start.look()
        trouble = filter(None, (one.contact.trouble(self._loop.now) for one in self._watched))
        self._listener.waiting(next(trouble, self._start.reason))

    def _note_refusals(self) -> None:
        """End if the cluster will never allow a missing pod."""
        refusal = "" if self._progress.all_known else self._start.waiting.refusal
        if refusal and not self._progress.give_up_start(refusal):
            message, code = "the cluster refuses to create the pod", ErrorCode.POD_REFUSED
            self.ending.wait(ExecutionError(message, code=code, last_words=refusal))
        if self._start.waiting.prerequisite_failure:
            self._cannot_start(*self._start.waiting.prerequisite_failure)

    def _update(self) -> None:
        if not self.ending.decided and self._progress.outcome is not None:
            self.ending.wait()
