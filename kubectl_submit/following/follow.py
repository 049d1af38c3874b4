"""Follows one execution to its end: its lines as they come, why it waits, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.object_watch import MISSING, NO_MORE, ObjectWatch, OnChange
from kubectl_submit.errors import ExecutionError, PendingTimeoutError, SubmitError
from kubectl_submit.following.listener import FollowOptions, LogListener
from kubectl_submit.following.logs import LogStreams
from kubectl_submit.following.pending_reason import Waiting
from kubectl_submit.following.progress import Progress
from kubectl_submit.following.queue import QueueWatch
from kubectl_submit.model import start_faults
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.process.event_loop import Loop
from kubectl_submit.runs import settlement

# How long the job's end waits while no line comes: for workers that are being stopped because
# another one failed (they may ignore it for as long as their grace period), and for those that
# have ended, whose log the node may not give.
STOPPING_SECONDS = 2.0
ENDED_SECONDS = 15.0
# A job that is given up has workers that may write for ever; what is there by now is shown.
GIVEN_UP_SECONDS = 10.0
# Shorter cuts of the connection are nothing to talk about.
SILENCE_SECONDS = 5.0
# What passes sooner is no waiting; what lasts longer has a reason, which events may tell.
PATIENCE_SECONDS = 2.0
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

    Raises ExecutionError where it can never run or was deleted, PendingTimeoutError, and
    ClusterError when the cluster is out of reach for too long.
    """
    try:
        outcome, lost = _to_the_end(execution, kubectl, listener, options, loop or Loop())
    except ExecutionError as error:
        settlement.explain(execution, error, kubectl)
        raise
    return settlement.settle(execution, outcome, kubectl, listener.warn, lost_lines=lost)


def _to_the_end(
    execution: Execution,
    kubectl: Kubectl,
    listener: LogListener,
    options: FollowOptions,
    loop: Loop,
) -> tuple[Outcome, bool]:
    """The outcome, and whether lines may be missing."""
    try:
        follower = _Follower(loop, execution, kubectl, listener, options)
        while not follower.done:
            loop.run_once()
        return follower.result, follower.lost_lines
    finally:
        loop.close()


class _Follower:
    """Watches the objects, and does what their changes ask for."""

    def __init__(
        self,
        loop: Loop,
        execution: Execution,
        kubectl: Kubectl,
        listener: LogListener,
        options: FollowOptions,
    ) -> None:
        self.done = False
        self.lost_lines = False
        self._loop = loop
        self._execution = execution
        self._kubectl = kubectl
        self._listener = listener
        self._options = options
        self._progress = Progress(execution)
        self._logs = LogStreams(
            loop,
            kubectl,
            execution,
            listener.lines,
            self._lost,
            wanted=options.lines,
        )
        self._waiting = Waiting(execution)
        self._queue = QueueWatch(loop, kubectl, execution)
        self._admitted_at: float | None = None
        self._decided_at: float | None = None
        self._error: SubmitError | None = None
        self._job_is_there = False
        self._starting: list[ObjectWatch] = []
        one_job = f"metadata.name={execution.name}"
        self._watched = [
            self._watch(
                execution.object_path, self._on_job, self._on_listed, fieldSelector=one_job
            ),
            self._watch(execution.pods_path, self._on_pod, labelSelector=execution.pod_selector),
        ]
        loop.later(PATIENCE_SECONDS, self._tell)
        if options.pending is not None:
            self._give_up_after(options.pending)

    @property
    def result(self) -> Outcome:
        """How it ended; only when done. Raises what it ended with in place of an outcome."""
        if self._error:
            raise self._error
        found = self._progress.outcome
        assert found is not None
        return found

    def _give_up_after(self, seconds: float) -> None:
        """End with PendingTimeoutError if not all workers have started by then."""
        if self._progress.all_started or self._decided_at is not None:
            return
        # Time in a queue is no waiting of ours.
        waited = self._loop.now - self._admitted_at if self._admitted_at else 0.0
        if waited < seconds:
            self._loop.later(min(seconds - waited, 1.0), lambda: self._give_up_after(seconds))
            return
        self._end_with(
            PendingTimeoutError(
                f"{self._execution.name} did not start within {seconds:g} seconds",
                last_words=self._reason,
            )
        )

    def _watch(
        self,
        path: str,
        on_change: OnChange,
        on_listed: Callable[[], None] = lambda: None,
        *,
        needed: bool = True,
        **query: str,
    ) -> ObjectWatch:
        started = ObjectWatch(
            self._loop,
            self._kubectl,
            path,
            query,
            on_change,
            needed=needed,
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
        if self._progress.job.suspended:
            self._admitted_at = None
        elif self._admitted_at is None:
            self._admitted_at = self._loop.now
        if not self._job_is_there:
            self._on_listed()
        self._update()

    def _on_listed(self) -> None:
        """It is known which objects there are: the job should be one of them."""
        if not self._job_is_there and self._progress.outcome is None:
            self._end_with(ExecutionError(f"the job {self._execution.name} was deleted"))

    def _on_pod(self, change: str, pod: Object) -> None:
        state = self._progress.note_pod(change, pod)
        if self._progress.begins_again:
            who = f"worker {state.rank}: " if self._execution.workers > 1 else ""
            again = self._progress.begins_again
            self._listener.warn(f"{who}the command begins again: {again}")
        self._read_log(state, pod, change)
        if state.start_failure and not self._progress.others_failed(state):
            self._cannot_start(state.name, state)
        self._update()

    def _cannot_start(self, name: str, pod: PodState) -> None:
        """End with a pod that will never run: with an outcome, where other workers have begun."""
        if not self._progress.give_up_start(pod.start_failure, pod):
            remedy = start_faults.remedy(pod.start_failure)
            message = f"the pod {name} cannot run"
            error = ExecutionError(message, last_words=pod.start_failure, remedy=remedy)
            error.telling = (
                (name, pod.fault.container) if pod.fault and pod.fault.container else None
            )
            self._end_with(error)

    def _read_log(self, state: PodState, pod: Object, change: str) -> None:
        if not self._options.shows(state.rank):
            return
        if state.started and change not in NO_MORE:
            again = state.restarts > 0
            self._logs.started(state.name, state.rank, state.started_at, again=again)
        seen = state.exit_code is not None
        if change in NO_MORE:
            # How one ended that was deleted out of sight is not known; its log's stream tells.
            self._logs.gone(state.name, seen=seen or change == MISSING)
        elif state.ended:
            # The node removes the log of a pod that is being deleted, and of one that it evicted.
            going = "deletionTimestamp" in pod["metadata"] or state.reason == "Evicted"
            self._logs.ended(state.name, going=going, seen=seen)

    def _lost(self, rank: int, what: str) -> None:
        self.lost_lines = True
        who = f"worker {rank}: " if self._execution.workers > 1 else ""
        self._listener.warn(f"warning: {who}{what}")

    def _tell(self) -> None:
        """Say every now and then why nothing happens, with what events tell of it."""
        self._loop.later(1.0, self._tell)
        self._progress.note_time(self._loop.now)
        self._note_refusals()
        self._update()
        if not (self._progress.all_started or self._starting):
            self._starting = list(self._watch_the_start())
        elif self._progress.all_started:
            for watch in self._starting:
                watch.stop()
        if self._progress.job.suspended:
            self._waiting.note_queue(self._queue.reason())
        else:
            self._queue.stop()
        self._listener.waiting(self._no_contact() or self._reason)

    def _note_refusals(self) -> None:
        """End where the cluster never allows a pod that is still missing."""
        refusal = "" if self._progress.all_known else self._waiting.refusal
        if refusal and not self._progress.give_up_start(refusal):
            self._end_with(ExecutionError("the cluster allows no pod", last_words=refusal))
        if self._waiting.cluster_fault:
            self._cannot_start(*self._waiting.cluster_fault)

    def _watch_the_start(self) -> Iterator[ObjectWatch]:
        """The reasons for no pod, and for one that does not start, stand in events only."""
        yield self._watch(
            self._execution.events_path,
            lambda _change, event: self._waiting.note_event(event),
            needed=False,
            fieldSelector="type=Warning",
        )
        if self._execution.prerequisite_selector:
            yield self._watch(
                self._execution.pods_path,
                self._waiting.note_prerequisite,
                needed=False,
                labelSelector=self._execution.prerequisite_selector,
            )

    @property
    def _reason(self) -> str:
        """Why not all workers run."""
        return self._waiting.reason(self._progress.job, self._progress.pods.values())

    def _no_contact(self) -> str:
        now = self._loop.now
        for one in self._watched:
            if one.contact.lost_at and now - one.contact.lost_at > SILENCE_SECONDS:
                return f"no contact with the cluster: {one.contact.last_words}"
        return ""

    def _end_with(self, error: SubmitError) -> None:
        """There will be no outcome; but what was written by now is shown."""
        if self._decided_at is None:
            self._error = error
            self._decide()

    def _update(self) -> None:
        if self._decided_at is None and self._progress.outcome is not None:
            self._decide()

    def _decide(self) -> None:
        self._decided_at = self._loop.now
        self._finish()

    def _finish(self) -> None:
        """Be done when every line is there, or when no more can be expected."""
        assert self._decided_at is not None
        silent = self._loop.now - max(self._decided_at, self._logs.heard_at)
        ends = self._error or self._progress.given
        given_up = ends and self._loop.now - self._decided_at >= GIVEN_UP_SECONDS
        if (self._error or self._progress.explained) and self._logs.complete:
            self.done = True
        elif given_up or silent >= self._patience:
            self._give_up()
            self.done = True
        else:
            self._loop.later(0.05, self._finish)

    @property
    def _patience(self) -> float:
        if self._error or self._progress.given:
            return STOPPING_SECONDS
        settled = self._progress.job.settled and self._progress.all_known
        if self._logs.awaited or settled:
            return ENDED_SECONDS
        return STOPPING_SECONDS

    def _give_up(self) -> None:
        self._logs.give_up()
        stopping = self._logs.unfinished
        if stopping:
            many = len(stopping) > 1
            ranks = ", ".join(map(str, stopping))
            who = f"worker{'s' if many else ''} {ranks}"
            self._listener.warn(
                f"warning: {who} had not stopped yet; "
                f"what {'they still write' if many else 'it still writes'} is not shown"
            )
