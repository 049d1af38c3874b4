"""The status of a run that has no Job yet, only a build Job. Pure."""

from __future__ import annotations

from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.execution_backends.run_status import cancelled
from kubectl_submit.model import run
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import RunStatus
from kubectl_submit.runs import build_followers


def build_status(build: Object, name: str) -> RunStatus:
    """The status of the run of that name, from the Job that builds its image."""
    state, follower = job_state.job_state(build), build_followers.followers(build).get(name)
    if follower and follower.cancelled_by:
        return cancelled(follower.cancelled_by, ended=True)
    if state.cancelled_by:
        return cancelled(state.cancelled_by, ended=state.failed)
    if state.failed:
        return RunStatus(state=run.FAILED, reason="the image build failed", exit_code=125)
    if state.succeeded:
        return RunStatus(state=run.BUILT, reason="nothing runs the image (yet)")
    if state.suspended:
        return RunStatus(state=run.QUEUED, reason="the build is suspended")
    return RunStatus(state=run.BUILDING)
