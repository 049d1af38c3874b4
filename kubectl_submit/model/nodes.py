"""Detects from a pod's status that the cluster has lost contact with its node. Pure.

Few users may read nodes, so this uses what the node lifecycle controller writes on pods
(kubernetes pkg/controller/util/node): it sets `Ready` to False and keeps the reason, which a
kubelet never does.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.objects import Object

# Kubernetes adds a toleration of these to each pod, with the time that the pod stays.
LOST_TAINTS = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
BY_TAINT = "DeletionByTaintManager"


@dataclass(frozen=True, kw_only=True)
class LostNode:
    """A node that has stopped answering, as one of its pods shows."""

    name: str
    since: str
    """RFC 3339."""
    tolerated_seconds: int | None
    """After how long Kubernetes deletes the pod; None: never."""
    deleting: bool
    """Whether Kubernetes has begun to delete the pod."""


def lost_node(pod: Object) -> LostNode | None:
    """The node of a pod that has started, if it is lost."""
    status, spec = pod.get("status", {}), pod.get("spec", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    ready, containers = conditions.get("Ready", {}), conditions.get("ContainersReady", {})
    lost = status.get("reason") == "NodeLost" or (
        ready.get("status") == "False"
        and not ready.get("reason")
        and containers.get("status") == "True"
    )
    if not lost:
        return None
    disrupted = conditions.get("DisruptionTarget", {})
    return LostNode(
        name=spec.get("nodeName", ""),
        since=ready.get("lastTransitionTime") or "",
        tolerated_seconds=_tolerated(spec.get("tolerations") or []),
        deleting="deletionTimestamp" in pod["metadata"] or disrupted.get("reason") == BY_TAINT,
    )


def lost_text(node: LostNode, who: str) -> str:
    """For people: since when, what Kubernetes does about it, and how to end the run."""
    since = f" since {node.since}" if node.since else ""
    text = f"node {node.name} of {who} has not been ready{since}"
    if node.deleting:
        end = "Kubernetes has deleted the pod, but only the node can confirm that it has ended"
    elif node.tolerated_seconds is None:
        end = "the pod stays until the node is back"
    else:
        end = f"if it stays away, Kubernetes deletes the pod {node.tolerated_seconds} s after that"
    return f"{text}; {end}; `kubectl submit cancel` ends the run"


def deleted_text(pod: Object) -> str:
    """For people: why a pod that was deleted before it started is still there; else empty."""
    node = pod.get("spec", {}).get("nodeName")
    if not node or "deletionTimestamp" not in pod["metadata"]:
        return ""
    conditions = pod.get("status", {}).get("conditions", [])
    by = [f" ({one.get('reason')})" for one in conditions if one["type"] == "DisruptionTarget"]
    said = f"the pod was deleted{''.join(by)} before it started"
    return f"{said}; waiting for the kubelet on {node}"


def _tolerated(tolerations: list[Object]) -> int | None:
    """The shortest time that the pod tolerates any of the taints of a lost node."""
    found = [
        one.get("tolerationSeconds")
        for one in tolerations
        if one.get("key") in LOST_TAINTS
        or (not one.get("key") and one.get("effect") != "NoSchedule")
    ]
    finite = [int(seconds) for seconds in found if seconds is not None]
    return min(finite) if finite else None if found else 0
