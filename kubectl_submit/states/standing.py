"""How a run stands, from the object that runs its command or builds its image. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit import run
from kubectl_submit.execution import Outcome
from kubectl_submit.kubectl import Object
from kubectl_submit.run import Standing
from kubectl_submit.states import followers, jobs, lingering, outcomes, ray_jobs
from kubectl_submit.states.pods import PodState


def build_standing(build: Object, name: str) -> Standing:
    """How a run of that name stands that has nothing but the Job that builds its image."""
    state, follower = jobs.job_state(build), followers.of_job(build).get(name)
    if follower and follower.cancelled_by:
        return _cancelled(follower.cancelled_by, ended=True)
    if state.cancelled_by:
        return _cancelled(state.cancelled_by, ended=state.failed)
    if state.failed:
        return Standing(state=run.FAILED, reason="the image build failed", exit_code=125)
    if state.succeeded:
        return Standing(state=run.BUILT, reason="nothing runs the image (yet)")
    if state.suspended:
        return Standing(state=run.QUEUED, reason="the build is suspended")
    return Standing(state=run.BUILDING)


def job_standing(job: Object, pods: Iterable[PodState], workers: int) -> Standing:
    """How a run stands whose command a Job runs; pods that have succeeded need not be told."""
    state, pods = jobs.job_state(job), list(pods)
    outcome = outcomes.outcome(state, pods, workers)
    if outcome and outcome.exit_code == 0:
        return _succeeded(outcome)
    if state.cancelled_by and (outcome is None or outcome.exit_code == run.CANCELLED_CODE):
        return _cancelled(state.cancelled_by, ended=outcome is not None)
    if outcome:
        return Standing(state=run.FAILED, reason=outcome.summary, exit_code=outcome.exit_code)
    if state.suspended or job["spec"].get("suspend"):
        return Standing(state=run.QUEUED, reason="the job is suspended")
    if _begun(job.get("status", {}), pods) >= workers:
        return _running(state, pods, workers)
    return _pending(pods)


def _succeeded(outcome: Outcome) -> Standing:
    reason = "" if outcome.plain else outcome.summary
    return Standing(state=run.SUCCEEDED, reason=reason, exit_code=0)


def _running(job: jobs.JobState, pods: list[PodState], workers: int) -> Standing:
    """That it runs, with what keeps it from its end."""
    decided = lingering.decided(job, pods, workers)
    return Standing(state=run.RUNNING, reason=lingering.trouble(pods, workers), decided=decided)


def _begun(status: Object, pods: list[PodState]) -> int:
    """How many workers run or have run: as the Job counts, or as their pods say, which is sooner.

    Between the end of a pod and its place in the Job's counts it is neither ready nor counted.
    """
    uncounted = status.get("uncountedTerminatedPods") or {}
    succeeded = status.get("succeeded", 0) + len(uncounted.get("succeeded", []))
    failed = status.get("failed", 0) + len(uncounted.get("failed", []))
    told = sum(pod.started and not (pod.ended and not pod.failed) for pod in pods)
    return int(succeeded + max(status.get("ready", 0) + failed, told))


def _pending(pods: list[PodState]) -> Standing:
    waiting = (pod.hopeless or pod.waiting or pod.unplaced for pod in pods if not pod.started)
    hopeless = next((pod.hopeless for pod in pods if pod.hopeless), "")
    return Standing(state=run.PENDING, reason=next(filter(None, waiting), ""), hopeless=hopeless)


def _cancelled(who: str, *, ended: bool) -> Standing:
    code = run.CANCELLED_CODE if ended else None
    return Standing(state=run.CANCELLED, reason=f"by {who}", exit_code=code)


def ray_standing(ray_job: Object, crew: Iterable[PodState]) -> Standing:
    """How a run stands whose command a RayJob runs; its cluster's pods say why it does not yet."""
    state, status = ray_jobs.job_state(ray_job), ray_job.get("status", {})
    told = state.told
    if told and told.exit_code == 0:
        return _succeeded(told)
    if state.cancelled_by and (told is None or told.exit_code == run.CANCELLED_CODE):
        return _cancelled(state.cancelled_by, ended=told is not None)
    if told:
        return Standing(state=run.FAILED, reason=told.summary, exit_code=told.exit_code)
    if state.suspended:
        return Standing(state=run.QUEUED, reason="the job is suspended")
    if status.get("jobStatus", "") in ray_jobs.NOT_BEGUN:
        return _pending(list(crew))
    return Standing(state=run.RUNNING)  # or it has just ended, and the cluster goes
