"""Reads the state of a pod. Pure.

Fields and reasons are those of core/v1, and of the kubelet's packages images and kuberuntime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kubectl_submit import times
from kubectl_submit.model import containers
from kubectl_submit.model.containers import StartProblem
from kubectl_submit.model.nodes import LostNode, deleted_text, lost_node
from kubectl_submit.model.objects import Object

RANK_LABEL = "batch.kubernetes.io/job-completion-index"
# The container's process could not be started (reasons of containerd and dockershim).
NEVER_STARTED = ("StartError", "ContainerCannotRun")
TIMED_OUT = "DeadlineExceeded"
EVICTED = "Evicted"
DELETED = "its pod was deleted"
"""The reason of a command whose pod was deleted, if nothing says by whom."""
DEFAULT_GRACE_SECONDS = 30
STARTING = "starting (pulling the image, mounting volumes)"  # where a pod says nothing yet


@dataclass(frozen=True, kw_only=True)
class PodState:
    """The state of a pod, as far as its output and the outcome depend on it."""

    name: str
    rank: int
    ranked: bool = True
    """Whether its Job numbers its pods; if not, it is unknown which worker it replaces."""
    created_at: str = ""
    node: str = ""
    """The node that it was assigned to; empty before."""
    started: bool = False
    """The container runs or has run, so that there are lines to read."""
    started_at: str = ""
    ended: bool = False
    failed: bool = False
    """It ended and failed; a deadline can fail a container that exits 0."""
    succeeded: bool = False
    """All its containers have ended, and well; its Job counts it as a success."""
    exit_code: int | None = None
    reason: str = ""
    """Why it ended: `OOMKilled`, `DeadlineExceeded`, `Evicted`; empty for a plain exit."""
    message: str = ""
    pod_message: str = ""
    """The kubelet's message about the pod: why it evicted or refused it."""
    finished_at: str = ""
    stopped: bool = False
    """It was told to stop before it ended, by its Job or by a user."""
    deleted: bool = False
    """It was deleted before its command had ended."""
    restarts: int = 0
    """How often the kubelet has started the container again."""
    waiting: str = ""
    """Why it does not run yet; empty if there is nothing to say."""
    unplaced: str = ""
    """A message while no scheduler has looked at it; then empty."""
    start_problem: StartProblem | None = None
    """What keeps it from starting and will not go away on its own, perhaps not yet final."""
    still_running: tuple[str, ...] = ()
    """The other containers that keep it alive though its command has ended."""
    beside: str = ""
    """How another container failed beside the command: `proxy exited 3`."""
    init_failure: str = ""
    """How an init container failed, so that the command never ran: `fetch exited 3`."""
    log_source: str = ""
    """The container whose log says why the command never ran; empty if `message` says it."""
    lost_node: LostNode | None = None
    """Its node, if the cluster has lost contact with it."""

    @property
    def start_failure(self) -> str:
        """Why it will never run; empty while it may."""
        problem = self.start_problem
        return problem.text if problem and problem.tries <= 1 else ""

    @property
    def place(self) -> int | str:
        """A key shared by all tries of a worker: the rank, or the pod's name if it has none."""
        return self.rank if self.ranked else self.name


def pod_state(pod: Object, container: str) -> PodState:
    """The state of a pod, for the container that runs the command."""
    status = pod.get("status", {})
    end = _end(pod, containers.named(status, container))
    known = _pod_state(pod, container, end or {})
    if end is None:
        waiting = (not known.started and deleted_text(pod)) or containers.waiting(status)
        return replace(known, waiting=waiting, unplaced=_unplaced(pod), lost_node=lost_node(pod))
    init = {} if known.started else containers.init_failure(pod)
    return replace(
        known,
        ended=True,
        message=known.message or containers.exit_message(init) or status.get("message", ""),
        still_running=containers.still_running(status, container),
        beside=containers.exited(containers.failed_beside(status, container)),
        init_failure=containers.exited(init),
        log_source=init["name"] if init and not containers.exit_message(init) else "",
    )


def _pod_state(pod: Object, container: str, end: Object) -> PodState:
    """What running and ended pods have in common; `end`: how the command ended, else empty."""
    metadata, status = pod["metadata"], pod.get("status", {})
    found = containers.named(status, container)
    state, disruption = found.get("state", {}), _disruption(status)
    never_started = end.get("reason") in NEVER_STARTED
    deleted = _deleted_before(metadata, end.get("finishedAt") or "")
    return PodState(
        name=metadata["name"],
        rank=int(metadata.get("labels", {}).get(RANK_LABEL, 0)),
        ranked=RANK_LABEL in metadata.get("labels", {}),
        created_at=metadata.get("creationTimestamp") or "",
        node=pod.get("spec", {}).get("nodeName") or "",
        started=("running" in state or "terminated" in state) and not never_started,
        started_at=(state.get("running") or state.get("terminated") or {}).get("startedAt") or "",
        failed=status.get("phase") == "Failed" or end.get("exitCode", 0) != 0,
        succeeded=status.get("phase") == "Succeeded",
        exit_code=None if never_started else end.get("exitCode"),
        reason=_reason(status, end, disruption, deleted=deleted),
        message=end.get("message") or "",
        pod_message=status.get("message", "").strip() if status.get("reason") else "",
        finished_at=end.get("finishedAt") or "",
        stopped=deleted and not disruption,
        deleted=deleted,
        restarts=found.get("restartCount", 0),
        start_problem=_start_problem(pod, end),
    )


def _end(pod: Object, found: Object) -> Object | None:
    """How the command ended; empty if only its pod has, None if neither (or it is restarted)."""
    end = found.get("state", {}).get("terminated")
    restarts = pod.get("spec", {}).get("restartPolicy") != "Never"
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return dict(end or {})
    return None if end is None or (restarts and end.get("exitCode")) else dict(end)


def _deleted_before(metadata: Object, finished_at: str) -> bool:
    """Whether a pod was deleted before its command ended, by the times in the API."""
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


def _start_problem(pod: Object, terminated: Object) -> StartProblem | None:
    if terminated.get("reason") in NEVER_STARTED:
        return StartProblem(text=terminated.get("message", ""))
    pull_secret = bool(pod.get("spec", {}).get("imagePullSecrets"))
    return containers.start_problem(pod.get("status", {}), pull_secret=pull_secret)


def _unplaced(pod: Object) -> str:
    spec, conditions = pod.get("spec", {}), pod.get("status", {}).get("conditions", [])
    if spec.get("nodeName") or any(one["type"] == "PodScheduled" for one in conditions):
        return ""
    scheduler = spec.get("schedulerName")
    return f"the scheduler {scheduler} has not looked at it yet" if scheduler else ""


def newest_of_each_rank(pods: Iterable[PodState]) -> list[PodState]:
    """The newest pod of each worker; of pods of the same age, the later in the list."""
    newest: dict[int | str, PodState] = {}
    for pod in pods:
        before = newest.get(pod.place)
        if before is None or pod.created_at >= before.created_at:
            newest.pop(pod.place, None)  # kept in the order of the pods
            newest[pod.place] = pod
    return list(newest.values())


def _disruption(status: Object) -> str:
    """Why the pod was disrupted: `PreemptionByScheduler` and so on; empty if it was not."""
    for condition in status.get("conditions", []):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return str(condition.get("reason", "Disrupted"))
    return ""
