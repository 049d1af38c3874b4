"""What a Job object says, and with its pods how it ended. Pure; fields are those of batch/v1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubectl_submit.execution import Outcome
from kubectl_submit.kubectl import Object
from kubectl_submit.provenance import CANCELLED_BY
from kubectl_submit.run import CANCELLED_CODE
from kubectl_submit.states.pods import TIMED_OUT, PodState, newest_of_each_rank

# Of a process that ended by SIGKILL or SIGTERM.
STOP_CODES = (137, 143)


@dataclass(frozen=True, kw_only=True)
class JobState:
    """A Job's own word on how it stands."""

    succeeded: bool = False
    failed: bool = False
    """It will not succeed any more; pods may still be stopping."""
    settled: bool = False
    """Nothing of it runs any more."""
    suspended: bool = False
    reason: str = ""
    message: str = ""
    cancelled_by: str = ""
    """Who cancelled it; empty if nobody did."""
    empty: bool = False
    """It asks for no pod at all: that is how a queued one is cancelled."""
    told: Outcome | None = None
    """How it ended, where that is known without its pods."""

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled; it may have ended by itself before that."""
        by_deadline = self.failed and self.reason == TIMED_OUT
        return bool(self.cancelled_by) and (by_deadline or (self.succeeded and self.empty))


def job_state(job: Object) -> JobState:
    """What a Job object says of itself: Failed and Complete are final, the others come earlier."""
    conditions = {
        condition["type"]: condition
        for condition in job.get("status", {}).get("conditions", [])
        if condition["status"] == "True"
    }
    found: Object = conditions.get("Failed") or conditions.get("FailureTarget") or {}
    return JobState(
        succeeded="Complete" in conditions or "SuccessCriteriaMet" in conditions,
        failed=bool(found),
        settled="Failed" in conditions or "Complete" in conditions,
        suspended="Suspended" in conditions,
        reason=found.get("reason", ""),
        message=found.get("message", ""),
        cancelled_by=job["metadata"].get("annotations", {}).get(CANCELLED_BY, ""),
        empty=job.get("spec", {}).get("completions") == 0,
    )


def outcome(job: JobState, pods: Iterable[PodState], workers: int) -> Outcome | None:
    """How the Job ended; None while it has not. Pods in the order in which they were seen to end.

    The exit code is that of the worker that failed first, by its finish time; a worker that was
    only stopped because another one had failed does not count, nor does a pod that failed and in
    whose place the Job has tried again.
    """
    pods = list(pods)
    if job.cancelled:
        return Outcome(exit_code=CANCELLED_CODE, summary=f"cancelled by {job.cancelled_by}")
    if job.succeeded:
        message = next((pod.message for pod in pods if pod.exit_code == 0), "")
        return Outcome(exit_code=0, summary="succeeded", last_message=message)
    if not job.failed:
        return None
    last = newest_of_each_rank(pods)
    failed = [pod for pod in last if pod.failed] or [pod for pod in pods if pod.failed]
    by_itself = [pod for pod in failed if not pod.stopped] or failed
    if job.reason == TIMED_OUT:
        return Outcome(exit_code=124, summary=f"ran longer than the Job allows ({job.message})")
    if not by_itself:
        reason = f"{job.reason}: {job.message}" if job.message else job.reason
        return Outcome(exit_code=125, summary=f"the job failed without an exit code ({reason})")
    first = min(by_itself, key=lambda pod: pod.finished_at or "9")
    code = 125 if first.exit_code is None else first.exit_code
    return Outcome(
        exit_code=124 if first.reason == TIMED_OUT else code,
        summary=_summary(first, last, workers),
        last_message=first.message,
    )


def _summary(first: PodState, pods: list[PodState], workers: int) -> str:
    who = f"worker {first.rank} " if workers > 1 else ""
    how = f"exited {first.exit_code}" if first.exit_code is not None else "ended without a code"
    if first.reason == TIMED_OUT:
        how = "ran longer than --timeout allows"
    elif first.reason:
        how += f" ({first.reason})"
    finished = sum(pod.ended and not pod.failed and not pod.stopped for pod in pods)
    too = sum(_failed_by_itself(pod) for pod in pods if pod is not first)
    stopped = workers - 1 - finished - too
    rest = [f"{finished} finished"] if finished else []
    rest += [f"{_others(too)} failed, too"] if too > 0 else []
    rest += [f"{_others(stopped)} stopped"] if stopped > 0 else []
    return "; ".join([who + how, *rest])


def _others(count: int) -> str:
    return f"{count} other{'s' if count > 1 else ''}"


def _failed_by_itself(pod: PodState) -> bool:
    """Whether it has an exit code of its own, and not that of being told to stop."""
    if pod.stopped or not pod.exit_code:
        return False
    return pod.exit_code not in STOP_CODES or pod.reason == "OOMKilled"
