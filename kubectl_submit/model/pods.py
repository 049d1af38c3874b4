"""What a Pod object says, in the words that the rest needs. Pure.

Fields and reasons are those of k8s.io/api core/v1, and of the kubelet's images and kuberuntime
packages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubectl_submit import times
from kubectl_submit.model import containers
from kubectl_submit.model.containers import Fault
from kubectl_submit.model.nodes import LostNode, lost_node
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import CONTAINER

RANK_LABEL = "batch.kubernetes.io/job-completion-index"
# The container's process could not be started at all (containerd's and dockershim's word for it).
NEVER_STARTED = ("StartError", "ContainerCannotRun")
TIMED_OUT = "DeadlineExceeded"
DELETED = "its pod was deleted"
"""The reason of a command that was stopped so, where nothing names who did it."""
DEFAULT_GRACE_SECONDS = 30
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
    pod_message: str = ""
    """What the kubelet says of the pod itself: why it evicted it, or did not take it."""
    finished_at: str = ""
    stopped: bool = False
    """It was told to stop before it ended, and nothing names why: by its Job, or by hand."""
    deleted: bool = False
    """It was deleted before its command had ended, whoever did it."""
    restarts: int = 0
    """How often the kubelet has started the container again."""
    waiting: str = ""
    """Why it does not run yet; empty if there is nothing to say."""
    unplaced: str = ""
    """That no scheduler has tried to find a node for it yet; empty once one has."""
    fault: Fault | None = None
    """What keeps it from starting, where that does not go away by itself; perhaps not yet final."""
    still_running: tuple[str, ...] = ()
    """The other containers that keep it alive though its command has ended."""
    beside: str = ""
    """How another container failed beside the command: `proxy exited 3`."""
    init_failure: str = ""
    """How an init container failed, so that the command never ran: `fetch exited 3`."""
    telling: str = ""
    """The container whose log says why the command never ran; empty if `message` says it."""
    lost_node: LostNode | None = None
    """Its node, where the cluster has lost contact with it."""

    @property
    def start_failure(self) -> str:
        """Why it will never run; empty while it may."""
        return self.fault.text if self.fault and self.fault.tries <= 1 else ""

    @property
    def place(self) -> int | str:
        """The same for all tries of one worker: the rank, or the name of a pod without one."""
        return self.rank if self.ranked else self.name


def pod_state(pod: Object, container: str) -> PodState:
    """What a Pod object says of the container that runs the command."""
    metadata, status = pod["metadata"], pod.get("status", {})
    found = containers.named(status, container)
    state = found.get("state", {})
    terminated = state.get("terminated")
    # Where the kubelet restarts containers, the end of one that failed is not the end of the pod.
    restarts = pod.get("spec", {}).get("restartPolicy") != "Never"
    if restarts and terminated and terminated.get("exitCode"):
        terminated = None
    phase = status.get("phase")
    ended = terminated is not None or phase in ("Succeeded", "Failed")
    terminated = state.get("terminated", {}) if ended else {}
    never_started = terminated.get("reason") in NEVER_STARTED
    started = ("running" in state or "terminated" in state) and not never_started
    disruption = _disruption(status)
    deleted = _deleted_before(metadata, terminated.get("finishedAt") or "")
    init = {} if started else containers.init_failure(pod)
    return PodState(
        name=metadata["name"],
        rank=int(metadata.get("labels", {}).get(RANK_LABEL, 0)),
        ranked=RANK_LABEL in metadata.get("labels", {}),
        created_at=metadata.get("creationTimestamp") or "",
        started=started,
        started_at=(state.get("running") or state.get("terminated") or {}).get("startedAt") or "",
        ended=ended,
        failed=phase == "Failed" or terminated.get("exitCode", 0) != 0,
        exit_code=None if never_started else terminated.get("exitCode"),
        reason=_reason(status, terminated, disruption, deleted=deleted),
        message=terminated.get("message") or _exit_message(init) or status.get("message", ""),
        pod_message=status.get("message", "").strip() if status.get("reason") else "",
        finished_at=terminated.get("finishedAt") or "",
        stopped=deleted and not disruption,
        deleted=deleted,
        restarts=found.get("restartCount", 0),
        waiting="" if ended else containers.waiting(status),
        unplaced="" if ended else _unplaced(pod),
        fault=_fault(pod, terminated),
        still_running=containers.still_running(status, container) if ended else (),
        beside=_exited(containers.failed_beside(status, container)) if ended else "",
        init_failure=_exited(init) if ended else "",
        telling=init["name"] if init and ended and not _exit_message(init) else "",
        lost_node=None if ended else lost_node(pod),
    )


def _deleted_before(metadata: Object, finished_at: str) -> bool:
    """Whether a pod was deleted before its command ended; the API tells when it is to be gone."""
    gone_at = metadata.get("deletionTimestamp")
    if not (gone_at and finished_at):
        return bool(gone_at)
    grace = float(metadata.get("deletionGracePeriodSeconds", DEFAULT_GRACE_SECONDS))
    # The kubelet sets the grace period to 0 a moment after the end.
    return (times.between(finished_at, gone_at) or 0.0) <= max(grace, 1.0)


def _reason(status: Object, terminated: Object, disruption: str, *, deleted: bool) -> str:
    reason = status.get("reason") or disruption or terminated.get("reason", "")
    if reason in ("", "Completed", "Error"):
        return DELETED if deleted else ""
    return str(reason)


def _fault(pod: Object, terminated: Object) -> Fault | None:
    if terminated.get("reason") in NEVER_STARTED:
        return Fault(text=terminated.get("message", ""))
    pull_secret = bool(pod.get("spec", {}).get("imagePullSecrets"))
    return containers.fault(pod.get("status", {}), pull_secret=pull_secret)


def _unplaced(pod: Object) -> str:
    spec, conditions = pod.get("spec", {}), pod.get("status", {}).get("conditions", [])
    if spec.get("nodeName") or any(one["type"] == "PodScheduled" for one in conditions):
        return ""
    scheduler = spec.get("schedulerName")
    return f"the scheduler {scheduler} has not looked at it yet" if scheduler else ""


def _exited(container: Object) -> str:
    """How a container ended: `proxy exited 137 (OOMKilled)`."""
    if not container:
        return ""
    end = container["state"]["terminated"]
    reason = end.get("reason", "Error")
    why = "" if reason == "Error" else f" ({reason})"
    return f"{container['name']} exited {end['exitCode']}{why}"


def _exit_message(container: Object) -> str:
    return str(container.get("state", {}).get("terminated", {}).get("message", ""))


def command_container(obj: Object, pod_spec: Object) -> str:
    """The container that runs the command: as recorded on an object, or else the first one."""
    recorded = obj["metadata"].get("annotations", {}).get(CONTAINER)
    return str(recorded or pod_spec["containers"][0]["name"])


def newest_of_each_rank(pods: Iterable[PodState]) -> list[PodState]:
    """Without those in whose place the Job has tried again; of equal age, the later ones count."""
    newest: dict[int | str, PodState] = {}
    for pod in pods:
        before = newest.get(pod.place)
        if before is None or pod.created_at >= before.created_at:
            newest.pop(pod.place, None)  # kept in the order of the pods
            newest[pod.place] = pod
    return list(newest.values())


def _disruption(status: Object) -> str:
    """Who took the pod away: `PreemptionByScheduler`, `DeletionByTaintManager` and so on."""
    for condition in status.get("conditions", []):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return str(condition.get("reason", "Disrupted"))
    return ""
