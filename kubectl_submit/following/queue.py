"""Asks Kueue why a run is queued, and for its position in the queue."""

from __future__ import annotations

import json
from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import REFUSED, error_kind
from kubectl_submit.cluster.object_watch import NO_MORE, ObjectWatch
from kubectl_submit.errors import ClusterErrorKind
from kubectl_submit.following.workload import WorkloadState, position, queued, workload_state
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.process.command import Result
from kubectl_submit.process.event_loop import Loop

GROUP = "kueue.x-k8s.io"
VISIBILITY = f"visibility.{GROUP}"
JOB_LABEL = f"{GROUP}/job-uid"
"""On a Workload: the uid of the object that it represents."""
POSITION_SECONDS = 10.0
"""Kueue computes the list for each request."""
# Kueue is not installed, or we may not ask it: both are final for a run.
FOR_EVER = (ClusterErrorKind.NOT_FOUND, *REFUSED)


class QueueWatch:
    """Watches the Workload of one execution; without access to Kueue it knows nothing."""

    def __init__(self, loop: Loop, kubectl: Kubectl, execution: Execution) -> None:
        self._loop = loop
        self._kubectl = kubectl
        self._execution = execution
        self._versions: dict[str, str] = {}
        self._asked: dict[str, float] = {}
        self._watch: ObjectWatch | None = None
        self._workload: WorkloadState | None = None
        self._ahead: int | None = None

    def reason(self) -> str:
        """Why the run is queued, as far as known; asks for what is not known yet."""
        if self._version(GROUP) and not self._watch:
            self._start()
        if self._workload and self._workload.queue and self._version(VISIBILITY):
            self._ask(self._pending_path(self._workload.queue), self._on_pending)
        return queued(self._workload, self._ahead)

    def stop(self) -> None:
        """Stop: the run is not queued any more."""
        if self._watch:
            self._watch.stop()
        self._watch = self._workload = self._ahead = None

    def _start(self) -> None:
        path = f"{self._path(GROUP)}/workloads"
        selector = f"{JOB_LABEL}={self._execution.uid}"
        self._watch = ObjectWatch(
            self._loop,
            self._kubectl,
            path,
            {"labelSelector": selector},
            self._on_workload,
            needed=False,
            contact_seconds=0,
        )
        self._watch.start()

    def _on_workload(self, change: str, workload: Object) -> None:
        self._workload = None if change in NO_MORE else workload_state(workload)

    def _on_pending(self, pending: Object) -> None:
        if self._workload:
            self._ahead = position(pending, self._workload.name)

    def _path(self, group: str) -> str:
        return f"/apis/{group}/{self._versions[group]}/namespaces/{self._execution.namespace}"

    def _pending_path(self, queue: str) -> str:
        return f"{self._path(VISIBILITY)}/localqueues/{queue}/pendingworkloads"

    def _version(self, group: str) -> str:
        """The server's preferred version of an API group; empty while it is not known."""

        def learn(answer: Object) -> None:
            self._versions[group] = answer["preferredVersion"]["version"]

        if group not in self._versions:
            self._ask(f"/apis/{group}", learn)
        return self._versions.get(group, "")

    def _ask(self, path: str, learn: Callable[[Object], None]) -> None:
        """Ask the server in the background, at most once in POSITION_SECONDS."""
        now = self._loop.now
        if now < self._asked.get(path, -POSITION_SECONDS) + POSITION_SECONDS:
            return
        self._asked[path] = now
        pieces: list[bytes] = []

        def end(result: Result) -> None:
            if result.exit_code == 0:
                learn(json.loads(b"".join(pieces)))
            elif error_kind(result.stderr) in FOR_EVER:
                self._asked[path] = float("inf")

        self._loop.read(self._kubectl.read(path), pieces.append, end)
