"""Reads the state of a Job. Pure; fields are those of batch/v1."""

from __future__ import annotations

import json

from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import CANCELLED_BY, OUTCOME


def job_state(job: Object) -> ExecutionState:
    """The state of a Job: Failed and Complete are final, other conditions come earlier."""
    conditions = {
        condition["type"]: condition
        for condition in job.get("status", {}).get("conditions", [])
        if condition["status"] == "True"
    }
    found: Object = conditions.get("Failed") or conditions.get("FailureTarget") or {}
    status, spec = job.get("status", {}), job.get("spec", {})
    ended = bool(found) or "Complete" in conditions
    return ExecutionState(
        succeeded="Complete" in conditions or "SuccessCriteriaMet" in conditions,
        failed=bool(found),
        settled="Failed" in conditions or "Complete" in conditions,
        suspended="Suspended" in conditions,
        reason=found.get("reason", ""),
        message=found.get("message", ""),
        cancelled_by=job["metadata"].get("annotations", {}).get(CANCELLED_BY, ""),
        empty=spec.get("completions") == 0,
        outcome=_recorded(job) if ended else None,
        decided_by_pods=not any(map(spec.get, ("suspend", "successPolicy", "managedBy"))),
        retries=bool(spec.get("backoffLimit") or spec.get("backoffLimitPerIndex")),
        succeeded_pods=status.get("succeeded", 0),
        failed_pods=status.get("failed", 0),
        completed=ranks(status.get("completedIndexes", "")),
    )


def ranks(text: str) -> frozenset[int]:
    """The numbers in a Job's list of indexes.

    >>> sorted(ranks("0,2-4"))
    [0, 2, 3, 4]
    """
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _recorded(job: Object) -> Outcome | None:
    """The outcome that a follower has recorded, because the cluster would not know it later."""
    text = job["metadata"].get("annotations", {}).get(OUTCOME, "")
    try:
        found = json.loads(text)
        return Outcome(exit_code=int(found["exitCode"]), summary=str(found["summary"]))
    except (ValueError, KeyError, TypeError):
        return None
