"""A quota on the number of Jobs that is full only of what has just built the run's image."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.errors import ClusterError, ClusterFault
from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.model.execution import Execution
from kubectl_submit.output import Output
from kubectl_submit.process import signals
from kubectl_submit.runs import lookup

# Kubernetes notes soon after a deletion that a quota has room again.
ROOM_SECONDS = 30.0
PAUSE_SECONDS = 0.5


def create(
    execute: Callable[[], Execution], name: str, kubectl: Kubectl, output: Output
) -> Execution:
    """Create what runs the command; the finished build Job goes where a quota has room for one.

    Raises ClusterError, as `execute` does.
    """
    try:
        return execute()
    except ClusterError as error:
        if error.fault is not ClusterFault.JOB_QUOTA or not _delete_build(name, kubectl, output):
            raise
    deadline = time.monotonic() + ROOM_SECONDS
    while True:
        try:
            return execute()
        except ClusterError as error:
            if error.fault is not ClusterFault.JOB_QUOTA or time.monotonic() > deadline:
                raise
        signals.check()
        time.sleep(PAUSE_SECONDS)


def _delete_build(name: str, kubectl: Kubectl, output: Output) -> bool:
    """Delete the Job that built the image of the run of this name, if there is one."""
    for run in lookup.read(kubectl, current_namespace(kubectl)):
        if run.name == name and run.build and job_state.job_state(run.build).succeeded:
            build = run.build["metadata"]
            kubectl.delete("job", build["name"], build["namespace"])
            output.status(f"job/{build['name']} is deleted: the quota on Jobs has no room for both")
            return True
    return False
