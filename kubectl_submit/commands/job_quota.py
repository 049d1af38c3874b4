"""Makes room in a quota on Jobs by deleting the finished build Job of the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.objects import Object
from kubectl_submit.output import Output
from kubectl_submit.process import signals
from kubectl_submit.runs import lookup

# Kubernetes updates a quota some seconds after a deletion.
ROOM_SECONDS = 30.0
PAUSE_SECONDS = 0.5


def create(
    execute: Callable[[], Execution], name: str, kubectl: Kubectl, output: Output
) -> Execution:
    """Create the run; if a quota on Jobs is full, delete its finished build Job and try again.

    Raises ClusterError, as `execute` does.
    """
    deadline, deleted = 0.0, False
    while True:
        try:
            return execute()
        except ClusterError as error:
            if error.kind is not ClusterErrorKind.JOB_QUOTA:
                raise
            deadline = deadline or time.monotonic() + ROOM_SECONDS
            build = None if deleted else _build(name, kubectl)
            if not (build or deleted) or time.monotonic() > deadline:
                raise
        # Its Job ends some seconds after the build.
        if build and job_state.job_state(build).succeeded:
            _delete(build, kubectl, output)
            deleted = True
        signals.check()
        time.sleep(PAUSE_SECONDS)


def _build(name: str, kubectl: Kubectl) -> Object | None:
    """The Job that built the image of the run of this name; None if there is none."""
    found = lookup.read(kubectl, current_namespace(kubectl))
    return next((run.build for run in found if run.name == name and run.build), None)


def _delete(build: Object, kubectl: Kubectl, output: Output) -> None:
    name = build["metadata"]["name"]
    kubectl.delete("job", name, build["metadata"]["namespace"])
    output.status(f"job/{name} was deleted: the quota on Jobs has no room for both")
