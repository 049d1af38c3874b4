"""States of pods and Jobs: what the cluster's objects say, in the words that the rest needs. Pure.

Fields and reasons are those of k8s.io/api core/v1 and batch/v1, and of the kubelet's
images and kuberuntime packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubectl_submit.execution import Outcome
from kubectl_submit.kubectl import Object

RANK_LABEL = "batch.kubernetes.io/job-completion-index"
# The kubelet would try these for ever; the reason does not go away by itself.
HOPELESS_WAITING = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
)
# … but these pulls may succeed the next time.
PASSING_PULL_FAULTS = ("QPS exceeded", "toomanyrequests", "i/o timeout", "handshake timeout")
# What admission plugins say before they know enough.
PASSING_REFUSALS = ("status unknown for quota", "not yet ready to handle request")
# The container's process could not be started at all (containerd's and dockershim's word for it).
NEVER_STARTED = ("StartError", "ContainerCannotRun")
UNEVENTFUL = ("ContainerCreating", "PodInitializing")
TIMED_OUT = "DeadlineExceeded"


@dataclass(frozen=True, kw_only=True)
class PodState:
    """One pod, as far as its lines and the outcome depend on it."""

    name: str
    rank: int
    started: bool = False
    """The container runs or has run, so that there are lines to read."""
    started_at: str = ""
    ended: bool = False
    failed: bool = False
    """It ended, and not well: a deadline can end a container that exits 0."""
    exit_code: int | None = None
    reason: str = ""
    """Why it ended: `OOMKilled`, `DeadlineExceeded`, `Evicted`; empty for a plain exit."""
    message: str = ""
    finished_at: str = ""
    stopped: bool = False
    """It was told to stop before it ended."""
    waiting: str = ""
    """Why it does not run yet; empty if there is nothing to say."""
    hopeless: str = ""
    """Why it will never run; empty while it may."""


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


def pod_state(pod: Object, container: str) -> PodState:
    """What a Pod object says of the container that runs the command."""
    metadata, status = pod["metadata"], pod.get("status", {})
    state = _container_status(status, container).get("state", {})
    # Where the kubelet restarts containers, the end of one is not the end of the pod.
    restarts = pod.get("spec", {}).get("restartPolicy") != "Never"
    terminated = None if restarts else state.get("terminated")
    phase = status.get("phase")
    ended = terminated is not None or phase in ("Succeeded", "Failed")
    terminated = state.get("terminated", {}) if ended else {}
    never_started = terminated.get("reason") in NEVER_STARTED
    disruption = _disruption(status)
    reason = status.get("reason") or disruption or terminated.get("reason", "")
    return PodState(
        name=metadata["name"],
        rank=int(metadata.get("labels", {}).get(RANK_LABEL, 0)),
        started=("running" in state or "terminated" in state) and not never_started,
        started_at=(state.get("running") or state.get("terminated") or {}).get("startedAt") or "",
        ended=ended,
        failed=phase == "Failed" or terminated.get("exitCode", 0) != 0,
        exit_code=None if never_started else terminated.get("exitCode"),
        reason="" if reason in ("Completed", "Error") else reason,
        message=terminated.get("message") or status.get("message", ""),
        finished_at=terminated.get("finishedAt") or "",
        stopped="deletionTimestamp" in metadata and not disruption,
        waiting="" if ended else _waiting(status),
        hopeless=terminated.get("message", "") if never_started else _hopeless(status),
    )


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
    )


def outcome(job: JobState, pods: Iterable[PodState], workers: int) -> Outcome | None:
    """How the Job ended; None while it has not. Pods in the order in which they were seen to end.

    The exit code is that of the worker that failed first, by its finish time; a worker that was
    only stopped because another one had failed does not count.
    """
    pods = list(pods)
    if job.succeeded:
        message = next((pod.message for pod in pods if pod.exit_code == 0), "")
        return Outcome(exit_code=0, summary="succeeded", last_message=message)
    if not job.failed:
        return None
    failed = [pod for pod in pods if pod.failed]
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
        summary=_summary(first, pods, workers),
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
    others = workers - 1 - finished
    rest = [f"{finished} finished"] if finished else []
    rest += [f"{others} other{'s' if others > 1 else ''} stopped"] if others > 0 else []
    return "; ".join([who + how, *rest])


def no_pod_reason(event: Object) -> tuple[str, bool]:
    """Why a Job gets no pod, from one of its events; and whether that is for ever.

    A full quota may become free; what asks for more than the whole quota, or what a policy
    forbids, will not. The wording is that of Kubernetes' admission plugins.
    """
    if event.get("reason") != "FailedCreate":
        return "", False
    message = re.sub(r'^Error creating: pods "[^"]*" is ', "", str(event.get("message", "")))
    quota = re.search(r"exceeded quota: .*requested: (.*), used: (.*), limited: (.*)", message)
    if quota:
        asked, limits = _amounts(quota[1]), _amounts(quota[3])
        return message, any(amount > limits.get(what, amount) for what, amount in asked.items())
    passing = any(words in message for words in PASSING_REFUSALS)
    refused = message.startswith("forbidden") or "not found" in message
    return message, refused and not passing


def _amounts(text: str) -> dict[str, float]:
    """The quantities of a quota's message: `pods=1,requests.cpu=500m`."""
    pairs = (part.strip().partition("=") for part in text.split(","))
    return {what: quantity_value(amount) for what, _, amount in pairs if amount}


def quantity_value(text: str) -> float:
    """The number that a Kubernetes quantity stands for; 0 if it is none."""
    match = re.fullmatch(r"(-?[0-9]*\.?[0-9]+(?:[eE]-?[0-9]{1,2})?)(m|k|[MGTPE]|[KMGTPE]i)?", text)
    if not match:
        return 0.0
    unit = match[2] or ""
    if unit == "m":
        return float(match[1]) / 1000
    power = " kMGTPE".index(unit[0].replace("K", "k")) if unit else 0
    return float(match[1]) * float(1024 if unit.endswith("i") else 1000) ** power


def _container_status(status: Object, container: str) -> Object:
    for found in status.get("containerStatuses", []):
        if found["name"] == container:
            return dict(found)
    return {}


def _disruption(status: Object) -> str:
    """Who took the pod away: `PreemptionByScheduler`, `DeletionByTaintManager` and so on."""
    for condition in status.get("conditions", []):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return str(condition.get("reason", "Disrupted"))
    return ""


def _waiting(status: Object) -> str:
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            # What follows the first sentence tells of preemption, and helps nobody.
            message = condition.get("message", "").split(". ")[0]
            return f"{condition.get('reason', 'Pending')}: {message}"
    for waiting in _waiting_states(status):
        if waiting["reason"] not in UNEVENTFUL:
            return f"{waiting['reason']}: {waiting.get('message', '')}"
    return ""


def _hopeless(status: Object) -> str:
    for waiting in _waiting_states(status):
        message = waiting.get("message", "")
        passing = any(fault in message for fault in PASSING_PULL_FAULTS)
        if waiting["reason"] in HOPELESS_WAITING and not passing:
            return f"{waiting['reason']}: {message}"
    for found in status.get("initContainerStatuses", []):
        last = found.get("lastState", {}).get("terminated")
        if last and found.get("restartCount", 0) > 1 and not found.get("started"):
            return f"the container {found['name']} exits {last['exitCode']} each time it starts"
    return ""


def _waiting_states(status: Object) -> list[dict[str, Any]]:
    found = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    states = [one.get("state", {}).get("waiting") for one in found]
    return [state for state in states if state and state.get("reason")]
