"""How a run stands whose command a RayJob runs. Pure; fields are those of KubeRay's apis/ray/v1."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.execution_backends.ray import ray_job_state
from kubectl_submit.execution_backends.ray.cluster_pods import ROLE_LABEL, cluster_pod_state
from kubectl_submit.execution_backends.run_status import cancelled, pending, succeeded
from kubectl_submit.model import run
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import RunStatus


def status(ray_job: Object, pods: Iterable[Object]) -> RunStatus:
    """How a run stands whose command a RayJob runs; its cluster's pods say why it does not yet."""
    state = ray_job_state.job_state(ray_job)
    told = state.told
    if told and told.exit_code == 0:
        return succeeded(told)
    if state.cancelled_by and (told is None or told.exit_code == run.CANCELLED_CODE):
        return cancelled(state.cancelled_by, ended=told is not None)
    if told:
        return RunStatus(state=run.FAILED, reason=told.summary, exit_code=told.exit_code)
    if state.suspended:
        return RunStatus(state=run.QUEUED, reason="the job is suspended")
    if ray_job.get("status", {}).get("jobStatus", "") in ray_job_state.NOT_BEGUN:
        return pending([cluster_pod_state(pod) for pod in pods if _of_cluster(pod)])
    return RunStatus(state=run.RUNNING)  # or it has just ended, and the cluster goes


def _of_cluster(pod: Object) -> bool:
    return ROLE_LABEL in pod["metadata"].get("labels", {})
