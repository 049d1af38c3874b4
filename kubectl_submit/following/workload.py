"""Reads Kueue's Workload of a queued run. Pure; fields are those of kueue.x-k8s.io."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.model.objects import Object


@dataclass(frozen=True, kw_only=True)
class WorkloadState:
    """One Workload, Kueue's object for a Job."""

    name: str
    queue: str
    """The LocalQueue in which it waits; empty if it is in none."""
    reason: str
    """Why it does not run yet; empty if Kueue has not said."""


def workload_state(workload: Object) -> WorkloadState:
    """Read a Workload."""
    spec = workload.get("spec", {})
    return WorkloadState(
        name=workload["metadata"]["name"],
        queue=spec.get("queueName", ""),
        reason=_reason(spec, workload.get("status", {})),
    )


def position(pending: Object, workload: str) -> int | None:
    """How many Workloads are ahead of it in its LocalQueue; None if it is not in the list.

    `pending` is a PendingWorkloadsSummary of visibility.kueue.x-k8s.io.
    """
    for item in pending.get("items") or []:
        if item.get("metadata", {}).get("name") == workload:
            return int(item.get("positionInLocalQueue", 0))
    return None


def queued(state: WorkloadState | None, ahead: int | None) -> str:
    """For people: `queued in team-a, 2 ahead: insufficient unused quota …`."""
    if state is None:
        return "queued (the job is suspended)"
    if not state.queue:  # Kueue suspends all jobs of some namespaces
        return "queued: jobs need a queue here, say --queue NAME"
    place = "" if ahead is None else ", next" if ahead == 0 else f", {ahead} ahead"
    return f"queued in {state.queue}{place}" + (f": {state.reason}" if state.reason else "")


def _reason(spec: Object, status: Object) -> str:
    if spec.get("active") is False:
        return "it was deactivated; an administrator can set the Workload's spec.active"
    conditions = {one["type"]: one for one in status.get("conditions") or []}
    reserved = conditions.get("QuotaReserved", {})
    evicted = conditions.get("Evicted", {})
    if reserved.get("status") == "True":
        checks = [one for one in status.get("admissionChecks") or [] if one["state"] != "Ready"]
        shown = [f"{one['name']} ({one.get('message') or one['state']})" for one in checks]
        return f"waiting for the admission check {', '.join(shown)}" if shown else ""
    # Evicted by preemption, for instance; the other condition says what it waits for now.
    taken = evicted.get("message", "") if evicted.get("status") == "True" else ""
    return "; ".join(dict.fromkeys(filter(None, [taken, reserved.get("message", "")])))
