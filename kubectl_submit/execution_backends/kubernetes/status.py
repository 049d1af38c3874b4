"""The status of a run that a Job executes. Pure; fields are those of batch/v1."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.execution_backends import lingering, outcomes
from kubectl_submit.execution_backends.kubernetes.execution import JOB_LABEL
from kubectl_submit.execution_backends.kubernetes.job_state import job_state
from kubectl_submit.execution_backends.run_status import cancelled, pending, succeeded
from kubectl_submit.model import run
from kubectl_submit.model.containers import command_container
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState, pod_state
from kubectl_submit.model.run import RunStatus


def status(job: Object, pods: Iterable[Object], workers: int) -> RunStatus:
    """The status of a run that a Job executes; pods that have succeeded may be left out."""
    state, own = job_state(job), _own_pods(job, pods)
    outcome = outcomes.outcome(state, own, workers)
    if outcome and outcome.exit_code == 0:
        return succeeded(outcome)
    if state.cancelled_by and (outcome is None or outcome.exit_code == run.CANCELLED_CODE):
        return cancelled(state.cancelled_by, ended=outcome is not None)
    if outcome:
        return RunStatus(state=run.FAILED, reason=outcome.summary, exit_code=outcome.exit_code)
    if state.suspended or job["spec"].get("suspend"):
        return RunStatus(state=run.QUEUED, reason="the job is suspended")
    if _begun(job.get("status", {}), own) >= workers:
        return _running(state, own, workers)
    return pending(own)


def _running(job: ExecutionState, pods: list[PodState], workers: int) -> RunStatus:
    """That it runs, with what keeps it from its end."""
    decided = lingering.decided(job, pods, workers)
    return RunStatus(state=run.RUNNING, reason=lingering.trouble(pods, workers), decided=decided)


def _own_pods(job: Object, pods: Iterable[Object]) -> list[PodState]:
    """The pods that the Job made, without those that build its image."""
    container = command_container(job, job["spec"]["template"]["spec"])
    name = job["metadata"]["name"]
    own = (pod for pod in pods if pod["metadata"].get("labels", {}).get(JOB_LABEL) == name)
    return [pod_state(pod, container) for pod in own]


def _begun(status: Object, pods: list[PodState]) -> int:
    """How many workers run or have run: as the Job counts, or as their pods say, which is sooner.

    Between the end of a pod and its place in the Job's counts it is neither ready nor counted.
    """
    uncounted = status.get("uncountedTerminatedPods") or {}
    succeeded = status.get("succeeded", 0) + len(uncounted.get("succeeded", []))
    failed = status.get("failed", 0) + len(uncounted.get("failed", []))
    told = sum(pod.started and not (pod.ended and not pod.failed) for pod in pods)
    return int(succeeded + max(status.get("ready", 0) + failed, told))
