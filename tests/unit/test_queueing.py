"""How a run enters a queue, and what Kueue says of it there."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.following.workload import WorkloadState, position, queued, workload_state

from .examples import execution_parameters

QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"


def rendered(**changes: Any) -> Any:
    """The Job."""
    return KUBERNETES.render(execution_parameters(**changes))[0]


def test_a_queue_and_a_priority_are_labels() -> None:
    job = rendered(queue="team-a", priority="urgent")
    assert job["metadata"]["labels"][QUEUE] == "team-a"
    assert job["metadata"]["labels"][PRIORITY] == "urgent"
    assert "priorityClassName" not in job["spec"]["template"]["spec"]
    assert "suspend" not in job["spec"]


def test_without_a_queue_the_priority_is_that_of_the_pods() -> None:
    job = rendered(priority="urgent")
    assert job["spec"]["template"]["spec"]["priorityClassName"] == "urgent"
    assert PRIORITY not in job["metadata"]["labels"]


def state(**workload: Any) -> WorkloadState:
    """What a Workload in the queue team-a says."""
    spec = {"queueName": "team-a", **workload.pop("spec", {})}
    return workload_state({"metadata": {"name": "job-1"}, "spec": spec, "status": workload})


def condition(status: str, message: str = "") -> list[dict[str, str]]:
    """Whether quota is reserved."""
    return [{"type": "QuotaReserved", "status": status, "message": message}]


@pytest.mark.parametrize(
    ("workload", "ahead", "told"),
    [
        (None, None, "queued (the job is suspended)"),
        (state(), None, "queued in team-a"),
        (state(conditions=condition("False", "no quota")), 0, "queued in team-a, next: no quota"),
        (state(), 3, "queued in team-a, 3 ahead"),
        (
            state(
                conditions=condition("True"),
                admissionChecks=[
                    {"name": "budget", "state": "Pending", "message": ""},
                    {"name": "other", "state": "Ready"},
                ],
            ),
            None,
            "queued in team-a: waiting for the admission check budget (Pending)",
        ),
        (
            state(
                spec={"queueName": ""}, conditions=condition("False", "LocalQueue  doesn't exist")
            ),
            None,
            "queued: jobs need a queue here, say --queue NAME",
        ),
        (
            state(spec={"active": False}),
            None,
            "queued in team-a: it was deactivated; an administrator can set the Workload's "
            "spec.active",
        ),
    ],
)
def test_the_reason(workload: WorkloadState | None, ahead: int | None, told: str) -> None:
    assert queued(workload, ahead) == told


def test_the_place_in_the_queue() -> None:
    items = [
        {"metadata": {"name": "job-0"}, "positionInLocalQueue": 0},
        {"metadata": {"name": "job-1"}, "positionInLocalQueue": 1},
    ]
    assert position({"items": items}, "job-1") == 1
    assert position({"items": items}, "job-2") is None
    assert position({}, "job-1") is None
