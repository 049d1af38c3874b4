"""Reads the state of a Ray cluster's pods before it is ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_submit.model.containers import command_container
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import STARTING, PodState, pod_state

# On the pods of a Ray cluster, with `head` or `worker`.
ROLE_LABEL = "ray.io/node-type"


def cluster_pod_state(pod: Object) -> PodState:
    """The state of a pod, for its Ray container."""
    return pod_state(pod, command_container(pod, pod["spec"]))


def cluster_reason(pods: Iterable[Object], events: Mapping[str, str]) -> str:
    """Which of head and workers it waits for, and why; `events` by the name of a pod."""
    by_role: dict[str, list[Object]] = {}
    for pod in pods:
        role = pod["metadata"].get("labels", {}).get(ROLE_LABEL, "pod")
        by_role.setdefault(role, []).append(pod)
    for role in sorted(by_role):  # the head comes first, in both senses
        why = [_why(pod, events) for pod in by_role[role]]
        waiting = [one for one in why if one]
        if waiting:
            told = next((one for one in waiting if one != STARTING), STARTING)
            who = f"{len(waiting)} of {len(why)} workers" if role == "worker" else role
            return f"{who}: {told}"
    return "the Ray cluster is getting ready"


def _why(pod: Object, events: Mapping[str, str]) -> str:
    """Why a pod is not ready; empty if it is."""
    state = cluster_pod_state(pod)
    if state.started and _ready(pod):
        return ""
    if state.started:
        return "Ray is starting"
    return state.waiting or events.get(state.name, STARTING)


def _ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
