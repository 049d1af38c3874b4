"""How a run stands, from the object that runs its command or builds its image. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kubectl_submit import run
from kubectl_submit.kubectl import Object
from kubectl_submit.provenance import CANCELLED_BY
from kubectl_submit.run import Standing
from kubectl_submit.states import jobs
from kubectl_submit.states.pods import TIMED_OUT, PodState


def build_standing(build: Object) -> Standing:
    """How a run stands that has nothing but the Job that builds its image."""
    state = jobs.job_state(build)
    if state.cancelled_by:
        return _cancelled(state.cancelled_by, ended=state.failed)
    if state.failed:
        return Standing(state=run.FAILED, reason="the image build failed", exit_code=125)
    if state.succeeded:
        return Standing(state=run.BUILT, reason="nothing runs the image (yet)")
    return Standing(state=run.BUILDING)


def job_standing(job: Object, pods: Iterable[PodState], workers: int) -> Standing:
    """How a run stands whose command a Job runs; pods that have succeeded need not be told."""
    state, pods = jobs.job_state(job), list(pods)
    outcome = jobs.outcome(state, pods, workers)
    if outcome and outcome.exit_code == 0:
        return Standing(state=run.SUCCEEDED, exit_code=0)
    if state.cancelled_by and (outcome is None or outcome.exit_code == run.CANCELLED_CODE):
        return _cancelled(state.cancelled_by, ended=outcome is not None)
    if outcome:
        return Standing(state=run.FAILED, reason=outcome.summary, exit_code=outcome.exit_code)
    if state.suspended or job["spec"].get("suspend"):
        return Standing(state=run.QUEUED, reason="the job is suspended")
    status = job.get("status", {})
    if sum(status.get(key, 0) for key in ("ready", "succeeded", "failed")) >= workers:
        return Standing(state=run.RUNNING)
    waiting = (pod.hopeless or pod.waiting for pod in pods if not pod.started)
    hopeless = next((pod.hopeless for pod in pods if pod.hopeless), "")
    return Standing(state=run.PENDING, reason=next(filter(None, waiting), ""), hopeless=hopeless)


def _cancelled(who: str, *, ended: bool) -> Standing:
    code = run.CANCELLED_CODE if ended else None
    return Standing(state=run.CANCELLED, reason=f"by {who}", exit_code=code)


# A RayJob's jobDeploymentStatus (KubeRay's apis/ray/v1), where that alone says how it stands.
RAY_STATES = {"Running": run.RUNNING, "Suspended": run.QUEUED, "Suspending": run.QUEUED}
RAY_ENDED = ("Complete", "Failed", "ValidationFailed")


def ray_standing(ray_job: Object) -> Standing:
    """How a run stands whose command a RayJob runs: its status alone tells."""
    status = ray_job.get("status", {})
    deployment, reason = status.get("jobDeploymentStatus", ""), status.get("reason", "")
    cancelled_by = ray_job["metadata"].get("annotations", {}).get(CANCELLED_BY, "")
    if deployment not in RAY_ENDED:
        if cancelled_by:
            return _cancelled(cancelled_by, ended=False)
        return Standing(state=RAY_STATES.get(deployment, run.PENDING), reason=reason)
    if deployment == "Complete" and status.get("jobStatus") == "SUCCEEDED":
        return Standing(state=run.SUCCEEDED, exit_code=0)
    if cancelled_by and reason == TIMED_OUT:
        return _cancelled(cancelled_by, ended=True)
    message = status.get("message", "")
    code = re.search(r"failed with exit code (\d+)", message)
    if reason == TIMED_OUT:
        return Standing(state=run.FAILED, reason=message or reason, exit_code=124)
    return Standing(
        state=run.FAILED,
        reason=f"exited {code[1]}" if code else message or reason,
        exit_code=int(code[1]) if code else 125,
    )
