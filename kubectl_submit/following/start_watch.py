"""Watches events, pods and the queue until all workers have started, to say why they wait."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.object_watch import ObjectWatch, OnChange
from kubectl_submit.following.pending_reason import WaitingReason
from kubectl_submit.following.progress import Progress
from kubectl_submit.following.queue import QueueWatch
from kubectl_submit.model.execution import Execution
from kubectl_submit.process.event_loop import Loop


class StartWatch:
    """Watches why not all workers of an execution run."""

    def __init__(
        self, loop: Loop, kubectl: Kubectl, execution: Execution, progress: Progress
    ) -> None:
        self.waiting = WaitingReason(execution)
        """The reasons known so far."""
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution
        self._progress = progress
        self._queue = QueueWatch(loop, kubectl, execution)
        self._watches: list[ObjectWatch] = []

    @property
    def reason(self) -> str:
        """Why not all workers run; empty if there is nothing to say."""
        return self.waiting.reason(self._progress.job, self._progress.pods.values())

    def look(self) -> None:
        """Start the watches, or stop them once all workers have started."""
        if not (self._progress.all_started or self._watches):
            self._watches = list(self._start())
        elif self._progress.all_started:
            for watch in self._watches:
                watch.stop()
        if self._progress.job.suspended:
            self.waiting.note_queue(self._queue.reason())
        else:
            self._queue.stop()

    def _start(self) -> Iterator[ObjectWatch]:
        """Only events say why there is no pod, or why a pod does not start."""
        for events in ("type=Warning", "reason=Pulling"):  # no selector finds both
            yield self._watch(
                self._execution.events_path,
                {"fieldSelector": events},
                lambda _change, event: self.waiting.note_event(event),
            )
        selector = self._execution.prerequisite_selector
        if selector:
            yield self._watch(
                self._execution.pods_path,
                {"labelSelector": selector},
                self.waiting.note_prerequisite,
            )

    def _watch(self, path: str, query: dict[str, str], on_change: OnChange) -> ObjectWatch:
        watch = ObjectWatch(
            self._loop, self._kubectl, path, query, on_change, needed=False, contact_seconds=0
        )
        watch.start()
        return watch
