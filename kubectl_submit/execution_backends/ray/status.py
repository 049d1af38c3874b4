"""The status of a run that a RayJob executes. Pure; fields are those of KubeRay's apis/ray/v1."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.execution_backends.ray import ray_job_state
from kubectl_submit.execution_backends.ray.cluster_pods import ROLE_LABEL, cluster_pod_state
from kubectl_submit.execution_backends.run_status import cancelled, pending, succeeded
from kubectl_submit.model import run
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import RunStatus


def status(ray_job: Object, pods: Iterable[Object]) -> RunStatus:
    """The status of a run that a RayJob executes; its cluster's pods say why it waits."""
    state = ray_job_state.job_state(ray_job)
    outcome = state.outcome
    if outcome and outcome.exit_code == 0:
        return succeeded(outcome)
    if state.cancelled_by and (outcome is None or outcome.exit_code == run.CANCELLED_CODE):
        return cancelled(state.cancelled_by, ended=outcome is not None)
    if outcome:
        return RunStatus(state=run.FAILED, reason=outcome.summary, exit_code=outcome.exit_code)
    if state.suspended:
        return RunStatus(state=run.QUEUED, reason="the job is suspended")
    if ray_job.get("status", {}).get("jobStatus", "") in ray_job_state.NOT_BEGUN:
        return pending([cluster_pod_state(pod) for pod in pods if _of_cluster(pod)])
    return RunStatus(state=run.RUNNING)  # or it has just ended, and the cluster goes


def _of_cluster(pod: Object) -> bool:
    return ROLE_LABEL in pod["metadata"].get("labels", {})
