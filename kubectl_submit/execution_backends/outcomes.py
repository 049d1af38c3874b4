"""Decides the outcome of a Job, the same for every command. Pure.

`submit`, `logs -f`, `wait`, `list` and `status` see different data: some have watched all pods,
others see only those that are left. So the outcome depends only on what stays: the Job's conditions
and the pods that failed by themselves. Where all pods have succeeded, it does not change any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.pods import DELETED, EVICTED, TIMED_OUT, PodState, newest_of_each_rank
from kubectl_submit.model.run import CANCELLED_CODE

# Of a process that ended by SIGKILL or SIGTERM.
STOP_CODES = (137, 143)
PRESSED = "The node had condition: "
"""What a kubelet says of a pod that it does not even start (pkg/kubelet/eviction)."""
# What containerd and the kubelet give as the reason, with a code of their own, if the container had
# ended while nobody saw it.
NOT_SEEN = {
    "Unknown": "its node or container runtime has restarted",
    "ContainerStatusUnknown": "its node no longer knows the container",
}


def outcome(job: ExecutionState, pods: Iterable[PodState], workers: int) -> Outcome | None:
    """How the Job ended; None while it has not. Pods in the order in which they were seen to end.

    The exit code is that of the worker that failed first, by its finish time; a worker that was
    only stopped because another one had failed does not count, nor does a pod that failed and in
    whose place the Job has tried again. A Job that has failed never gives 0.
    """
    pods = list(pods)
    if job.outcome:
        return job.outcome
    if job.cancelled:
        return Outcome(exit_code=CANCELLED_CODE, summary=f"cancelled by {job.cancelled_by}")
    if has_succeeded(job, pods, workers):
        return _success(pods, workers)
    return _failure(job, pods, workers) if job.failed else None


def has_succeeded(job: ExecutionState, pods: Iterable[PodState], workers: int) -> bool:
    """Whether the Job has succeeded, or will have: its controller takes seconds to count its pods.

    Of pods that failed or were asked to stop, the Job itself says what they mean.
    """
    if job.succeeded or not job.decided_by_pods or job.failed or job.suspended or job.cancelled_by:
        return job.succeeded
    last = newest_of_each_rank(pods)
    well = (
        pod.succeeded and pod.exit_code == 0 and not (pod.deleted or pod.reason) for pod in last
    )
    return len(last) >= workers and all(well)


def name(pod: PodState, workers: int) -> str:
    """The prefix that names a worker; empty where there is only one: `worker 2 `."""
    return f"worker {pod.rank} " if workers > 1 else ""


def how_ended(pod: PodState) -> str:
    """How the command of a pod ended: `exited 137 (OOMKilled)`."""
    if pod.reason == TIMED_OUT:
        return "ran longer than --timeout allows"
    if pod.exit_code is None:
        return _without_code(pod)
    if pod.exit_code == 0 and (pod.failed or pod.deleted):
        beside = f"the container {pod.beside}" if pod.beside else "its pod failed"
        return f"exited 0, but its Job failed: {pod.reason or beside}"
    reason = ": ".join(filter(None, [pod.reason, NOT_SEEN.get(pod.reason, "")]))
    return f"exited {pod.exit_code}" + (f" ({reason})" if reason else "")


def _without_code(pod: PodState) -> str:
    if pod.init_failure:
        return f"init container {pod.init_failure}"
    if pod.reason == DELETED:
        return "ended: its pod was deleted, and its exit code is not known"
    refused = PRESSED in pod.pod_message
    if pod.reason == EVICTED and not (pod.started or refused):  # the node reports seldom
        return "was evicted before the node reported that it ran; what it wrote is lost"
    said = "ended without a code" if pod.started else "never started"
    return said + (f" ({pod.reason})" if pod.reason else "")


def _success(pods: list[PodState], workers: int) -> Outcome:
    """The Job is Complete, but whether a command that was asked to stop had finished is unknown."""
    message = next((pod.message for pod in pods if pod.exit_code == 0), "")
    good = Outcome(exit_code=0, summary="succeeded", last_message=message)
    cut = [pod for pod in newest_of_each_rank(pods) if pod.deleted and pod.exit_code == 0]
    if not cut:
        return good
    said = f"succeeded, but {name(cut[0], workers)}exited 0 when asked to stop"
    return replace(good, summary=f"{said} ({cut[0].reason})", fleeting=True)


def _failure(job: ExecutionState, pods: list[PodState], workers: int) -> Outcome:
    if job.reason == TIMED_OUT:
        return Outcome(exit_code=124, summary=f"ran longer than the Job allows ({job.message})")
    last = newest_of_each_rank(pods)
    failed = [pod for pod in last if pod.failed] or [pod for pod in pods if pod.failed]
    # One that was asked to stop and ended well is the reason, where there is no other.
    failed = failed or [pod for pod in last if pod.ended and pod.deleted]
    by_itself = [pod for pod in failed if not pod.stopped] or failed
    if not by_itself:
        return Outcome(exit_code=125, summary=_unknown(job))
    return _of_first(min(by_itself, key=lambda pod: pod.finished_at or "9"), last, workers)


def _of_first(first: PodState, pods: list[PodState], workers: int) -> Outcome:
    code = 124 if first.reason == TIMED_OUT else first.exit_code or 125
    too = sum(_failed_by_itself(pod) for pod in pods if pod is not first)
    others = f"; {too} other{'s' if too > 1 else ''} failed, too" if too else ""
    return Outcome(
        exit_code=code,
        summary=name(first, workers) + how_ended(first) + others,
        last_message=first.message,
        last_words=_last_words(first),
        log_source=(first.name, first.log_source) if first.log_source else None,
        fleeting=first.deleted,
    )


def _last_words(pod: PodState) -> str:
    """What else there is to say about how a pod ended; empty if nothing else ended the command."""
    if pod.reason == TIMED_OUT:
        return ""
    return pod.pod_message or (pod.message if pod.exit_code is None else "")


def _unknown(job: ExecutionState) -> str:
    reason = f"{job.reason}: {job.message}" if job.message else job.reason
    if job.failed_pods:
        return f"the pod that failed is gone, and its exit code is no longer known ({reason})"
    return f"the job failed without an exit code ({reason})"


def _failed_by_itself(pod: PodState) -> bool:
    """Whether it has an exit code of its own, and not one that comes from being asked to stop."""
    if pod.stopped or not pod.exit_code:
        return False
    return pod.exit_code not in STOP_CODES or pod.reason == "OOMKilled"
