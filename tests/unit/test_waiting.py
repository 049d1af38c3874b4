"""Why a run does not run yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.following.pending_reason import WaitingReason
from kubectl_submit.model import pods
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.pods import STARTING, PodState

from .examples import execution
from .samples import Run

RUNS = PodState(name="run-0", rank=0, started=True)
STARTS = PodState(name="run-1", rank=1)
STARTS_TOO = PodState(name="run-2", rank=2)


def waiting(run: str, workers: int = 1) -> WaitingReason:
    """What is known after the events of a recorded run."""
    recorded = Run(run)
    known = WaitingReason(execution(uid=recorded.last_job["metadata"]["uid"], workers=workers))
    for event in recorded.events:
        if event["object"]["type"] == "Warning":
            known.note_event(event["object"])
    return known


def states(run: str) -> list[PodState]:
    return [pods.pod_state(pod, "main") for pod in Run(run).last_pods]


def pod_event(**changes: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "run-1", "uid": "2"}
    plain = {"involvedObject": about, "reason": "FailedMount", "message": "no volume\nmore"}
    return plain | changes


def test_a_job_that_is_suspended_is_queued() -> None:
    job = job_state.job_state(Run("suspended").job[1]["object"])
    assert waiting("suspended").reason(job, []) == "queued (the job is suspended)"


def test_there_is_no_pod_yet() -> None:
    assert waiting("succeeded").reason(ExecutionState(), []) == "no pod yet"


def test_a_full_quota_is_told() -> None:
    reason = waiting("quota-is-full").reason(ExecutionState(), [])
    assert reason.startswith("no pod: ")
    assert "exceeded quota: small" in reason


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("quota-too-small", "exceeded quota: small"),
        ("pod-security", 'violates PodSecurity "baseline:latest"'),
        ("no-such-account", 'serviceaccount "no-such-account" not found'),
    ],
)
def test_where_there_never_is_a_pod_it_says_so(run: str, words: str) -> None:
    assert words in waiting(run).refusal


def test_what_is_said_of_other_jobs_does_not_count() -> None:
    known = WaitingReason(execution(uid="another uid", workers=1))
    for event in Run("pod-security").events:
        known.note_event(event["object"])
    assert known.reason(ExecutionState(), []) == "no pod yet"


@pytest.mark.parametrize(
    ("pods", "workers", "reason"),
    [
        (states("unschedulable"), 1, "Unschedulable: 0/1 nodes are available: 1 Insufficient nvid"),
        ([STARTS], 1, STARTING),
        ([RUNS], 1, ""),
        (states("failed"), 1, ""),
        ([RUNS, STARTS], 2, f"1 of 2 workers: {STARTING}"),
        ([STARTS, *states("unschedulable")], 2, "1 of 2 workers: Unschedulable: "),
        ([STARTS, STARTS_TOO, *states("unschedulable")], 3, "1 of 3 workers: Unschedulable: "),
        ([RUNS], 2, "no pod yet"),
    ],
)
def test_the_most_telling_reason_is_given(pods: list[PodState], workers: int, reason: str) -> None:
    found = WaitingReason(execution(uid="1", workers=workers)).reason(ExecutionState(), pods)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_what_an_event_says_of_a_pod_that_starts() -> None:
    known = WaitingReason(execution(uid="1", workers=1))
    known.note_event(pod_event())
    assert known.reason(ExecutionState(), [STARTS]) == "FailedMount: no volume"
    assert known.reason(ExecutionState(), [PodState(name="other", rank=0)]) == STARTING


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({}, STARTING),
        (pod_event(message=""), "FailedMount"),
        (pod_event(message=None), "FailedMount"),
    ],
)
def test_an_event_without_a_message_is_told_by_its_reason(
    event: dict[str, Any], reason: str
) -> None:
    known = WaitingReason(execution(uid="1", workers=1))
    known.note_event(event)
    assert known.reason(ExecutionState(), [STARTS]).startswith(reason)


def test_a_pod_that_no_scheduler_looks_at_does_not_pull_an_image() -> None:
    known, pending = waiting("succeeded"), replace(STARTS, unplaced="volcano has not looked at it")
    assert known.reason(ExecutionState(), [pending]) == "volcano has not looked at it"
    known.note_event(pod_event())
    assert known.reason(ExecutionState(), [pending]) == "FailedMount: no volume"


def pulling(image: str, pod: str = "run-1", at: str = "") -> dict[str, Any]:
    """The event of a node that pulls an image."""
    said = {"reason": "Pulling", "message": f'Pulling image "{image}"', "lastTimestamp": at}
    return pod_event(**said, involvedObject={"kind": "Pod", "name": pod, "uid": "2"})


def test_an_image_that_is_pulled_is_named_with_its_node() -> None:
    known = WaitingReason(execution(uid="1", workers=3))
    known.note_event(pulling("app:1"))
    here = replace(STARTS, node="n1")
    one = known.reason(ExecutionState(), [RUNS, here, replace(RUNS, name="run-9", rank=2)])
    assert one == '1 of 3 workers: pulling image "app:1" on n1'
    known.note_event(pulling("app:1", pod="run-2"))
    two = known.reason(ExecutionState(), [RUNS, here, replace(STARTS_TOO, node="n2")])
    assert two == '2 of 3 workers: pulling image "app:1"'


def test_the_newest_event_of_a_pod_counts() -> None:
    known = WaitingReason(execution(uid="1", workers=1))
    known.note_event(pulling("app:1", at="2026-11-30T04:00:02Z"))
    known.note_event(pod_event(lastTimestamp="2026-11-30T04:00:01Z"))
    assert known.reason(ExecutionState(), [STARTS]) == 'pulling image "app:1"'
    known.note_event(pod_event(lastTimestamp="2026-11-30T04:00:03Z"))
    assert known.reason(ExecutionState(), [STARTS]) == "FailedMount: no volume"
