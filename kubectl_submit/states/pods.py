"""What a Pod object says, in the words that the rest needs. Pure.

Fields and reasons are those of k8s.io/api core/v1, and of the kubelet's images and kuberuntime
packages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
# The container's process could not be started at all (containerd's and dockershim's word for it).
NEVER_STARTED = ("StartError", "ContainerCannotRun")
UNEVENTFUL = ("ContainerCreating", "PodInitializing")
TIMED_OUT = "DeadlineExceeded"
# Where a pod says nothing yet.
STARTING = "starting (pulling the image, mounting volumes)"


@dataclass(frozen=True, kw_only=True)
class PodState:
    """One pod, as far as its lines and the outcome depend on it."""

    name: str
    rank: int
    ranked: bool = True
    """Its Job gives ranks; without them nobody knows in whose place it stands."""
    created_at: str = ""
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

    @property
    def place(self) -> int | str:
        """The same for all tries of one worker: the rank, or the name of a pod without one."""
        return self.rank if self.ranked else self.name


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
        ranked=RANK_LABEL in metadata.get("labels", {}),
        created_at=metadata.get("creationTimestamp") or "",
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


def newest_of_each_rank(pods: Iterable[PodState]) -> list[PodState]:
    """Without those in whose place the Job has tried again; of equal age, the later ones count."""
    newest: dict[int | str, PodState] = {}
    for pod in pods:
        before = newest.get(pod.place)
        if before is None or pod.created_at >= before.created_at:
            newest.pop(pod.place, None)  # kept in the order of the pods
            newest[pod.place] = pod
    return list(newest.values())


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
