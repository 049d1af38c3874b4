"""What a RayJob object says. Pure; fields and words are those of KubeRay's apis/ray/v1.

The exit code is only in the text of the status, which Ray writes (job_supervisor.py); the command's
output, which may say anything, follows it.
"""

from __future__ import annotations

import re

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import TIMED_OUT
from kubectl_submit.model.provenance import CANCELLED_BY
from kubectl_submit.model.run import CANCELLED_CODE

FINAL = ("Complete", "Failed", "ValidationFailed")
SUSPENDED = ("Suspended", "Suspending")
NOT_BEGUN = ("", "PENDING")
"""What jobStatus is before the command runs."""
EXIT_CODE = re.compile(r"Job entrypoint command failed with exit code (-?\d+)")


def job_state(ray_job: Object) -> ExecutionState:
    """What a RayJob says of itself."""
    status = ray_job.get("status", {})
    ended = outcome(ray_job)
    return ExecutionState(
        succeeded=ended is not None and ended.exit_code == 0,
        failed=ended is not None and ended.exit_code != 0,
        settled=ended is not None,
        suspended=suspended(ray_job),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        cancelled_by=_cancelled_by(ray_job),
        outcome=ended,
    )


def suspended(ray_job: Object) -> bool:
    """Whether it is suspended: a queue or a person must resume it."""
    deployment = ray_job.get("status", {}).get("jobDeploymentStatus", "")
    return deployment in SUSPENDED or (not deployment and bool(ray_job["spec"].get("suspend")))


def outcome(ray_job: Object) -> Outcome | None:
    """How it ended, from its status alone; None while it has not.

    Well only if it is Complete and SUCCEEDED: a command that was stopped is Complete, too.
    """
    status, cancelled_by = ray_job.get("status", {}), _cancelled_by(ray_job)
    deployment, reason = status.get("jobDeploymentStatus", ""), status.get("reason", "")
    if suspended(ray_job) and cancelled_by:  # once it is resumed, its deadline ends it
        return Outcome(exit_code=CANCELLED_CODE, summary=f"cancelled by {cancelled_by}")
    if deployment not in FINAL:
        return None
    if deployment == "Complete" and status.get("jobStatus") == "SUCCEEDED":
        return Outcome(exit_code=0, summary="succeeded")
    if reason == TIMED_OUT and cancelled_by:
        return Outcome(exit_code=CANCELLED_CODE, summary=f"cancelled by {cancelled_by}")
    return _failure(status, reason or deployment)


def _failure(status: Object, reason: str) -> Outcome:
    if reason == TIMED_OUT:
        return Outcome(exit_code=124, summary="ran longer than --timeout allows")
    if status.get("jobStatus") == "STOPPED":
        return Outcome(exit_code=125, summary="it was stopped in Ray")
    message = status.get("message", "")
    exited = EXIT_CODE.match(message)
    if not exited:
        why = ": ".join(filter(None, [reason, message.partition("\n")[0]]))
        return Outcome(exit_code=125, summary=f"failed without an exit code ({why})")
    code = int(exited[1])
    if code >= 0:
        return Outcome(exit_code=code, summary=f"exited {code}")
    return Outcome(exit_code=128 - code, summary=f"ended by signal {-code}")


def _cancelled_by(ray_job: Object) -> str:
    return str(ray_job["metadata"].get("annotations", {}).get(CANCELLED_BY, ""))
