"""Reads the statuses of a pod's containers. Pure; fields are those of core/v1."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import CONTAINER
from kubectl_submit.model.start_problems import final_after

UNEVENTFUL = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True, kw_only=True)
class StartProblem:
    """Why a container keeps its pod from starting."""

    text: str
    container: str = ""
    """The container whose log says more; empty if the text says all."""
    tries: int = 1
    """How many times it must be seen before it counts as final."""


def statuses(status: Object) -> list[Object]:
    """The statuses of all containers of a pod, in the order in which they start."""
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def named(status: Object, container: str) -> Object:
    """The status of one container; empty if there is none yet."""
    return next((dict(one) for one in statuses(status) if one["name"] == container), {})


def still_running(status: Object, container: str) -> tuple[str, ...]:
    """The containers that keep a pod alive after its command has ended.

    Native sidecars, which are init containers, do not: the kubelet ends them.
    """
    return tuple(
        one["name"]
        for one in status.get("containerStatuses", [])
        if one["name"] != container and "running" in one.get("state", {})
    )


def failed_beside(status: Object, container: str) -> Object:
    """The status of the first container that failed, other than the command's; else empty."""
    others = [one for one in status.get("containerStatuses", []) if one["name"] != container]
    return min((one for one in others if _exit_code(one)), key=_finished_at, default={})


def init_failure(pod: Object) -> Object:
    """The status of the init container that failed; else empty.

    Native sidecars do not count, because the kubelet restarts them.
    """
    specs = pod.get("spec", {}).get("initContainers", [])
    sidecars = {one["name"] for one in specs if one.get("restartPolicy") == "Always"}
    for one in pod.get("status", {}).get("initContainerStatuses", []):
        if _exit_code(one) and one["name"] not in sidecars:
            return dict(one)
    return {}


def waiting(status: Object) -> str:
    """Why a pod does not run yet; empty if its status does not say."""
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            # The rest of the message is about preemption, which does not help a user.
            message = condition.get("message", "").split(". ")[0]
            return f"{condition.get('reason', 'Pending')}: {message}"
    for state in _waiting_states(status):
        if state["reason"] not in UNEVENTFUL:
            return f"{state['reason']}: {state.get('message', '')}"
    return ""


def start_problem(status: Object, *, pull_secret: bool) -> StartProblem | None:
    """Why a pod will never run; None while it may."""
    for state in _waiting_states(status):
        message = state.get("message", "")
        tries = final_after(state["reason"], message, pull_secret=pull_secret)
        if tries:
            return StartProblem(text=f"{state['reason']}: {message}", tries=tries)
    for one in status.get("initContainerStatuses", []):
        last = one.get("lastState", {}).get("terminated")
        if last and one.get("restartCount", 0) > 1 and not one.get("started"):
            name, words = one["name"], str(last.get("message", "")).strip()
            text = f"the container {name} exits {last['exitCode']} each time it starts"
            if words:
                return StartProblem(text=f"{text}:\n{words}")
            return StartProblem(text=text, container=name)
    return None


def exited(container: Object) -> str:
    """How a container ended, from its status: `proxy exited 137 (OOMKilled)`; empty for none."""
    if not container:
        return ""
    end = container["state"]["terminated"]
    reason = end.get("reason", "Error")
    why = "" if reason == "Error" else f" ({reason})"
    return f"{container['name']} exited {end['exitCode']}{why}"


def exit_message(container: Object) -> str:
    """What a container wrote to its termination log; empty for none."""
    return str(container.get("state", {}).get("terminated", {}).get("message", ""))


def _exit_code(status: Object) -> int:
    return int(status.get("state", {}).get("terminated", {}).get("exitCode", 0))


def _finished_at(status: Object) -> str:
    return str(status["state"]["terminated"].get("finishedAt") or "9")


def _waiting_states(status: Object) -> list[Object]:
    states = [one.get("state", {}).get("waiting") for one in statuses(status)]
    return [state for state in states if state and state.get("reason")]


def command_container(obj: Object, pod_spec: Object) -> str:
    """The container that runs the command: the recorded one, or else the first."""
    recorded = obj["metadata"].get("annotations", {}).get(CONTAINER)
    return str(recorded or pod_spec["containers"][0]["name"])
