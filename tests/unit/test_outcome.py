"""How a Job ended: the exit code, and what people are told."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from kubectl_submit.execution_backends.kubernetes.job_state import job_state
from kubectl_submit.execution_backends.outcomes import outcome
from kubectl_submit.following.progress import Progress
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.pods import PodState, pod_state

from .examples import execution
from .samples import Run

FAILED = ExecutionState(failed=True, reason="BackoffLimitExceeded", message="Job has reached …")


@pytest.mark.parametrize(
    ("name", "exit_code", "summary"),
    [
        ("succeeded", 0, "succeeded"),
        ("suspended", 0, "succeeded"),
        ("built", 0, "succeeded"),
        ("failed", 7, "exited 7"),
        ("first-of-two", 33, "worker 1 exited 33"),
        ("out-of-memory", 137, "exited 137 (OOMKilled)"),
        ("evicted", 137, "exited 137 (Evicted)"),
        ("pod-deleted", 5, "exited 5 (its pod was deleted)"),
        ("timeout", 124, "ran longer than --timeout allows"),
        ("timeout-exits-0", 124, "ran longer than --timeout allows"),
        ("job-deadline", 124, ""),
        ("start-error", 125, "never started (StartError)"),
    ],
)
def test_of_recorded_runs(name: str, exit_code: int, summary: str) -> None:
    run = Run(name)
    progress = Progress(execution(workers=len(run.last_pods), container=run.container))
    for event in run.pods:
        progress.note_pod(event["type"], event["object"])
    progress.note_job(run.last_job)
    found = progress.outcome
    assert found
    assert found.exit_code == exit_code
    assert summary in found.summary


@pytest.mark.parametrize(
    "name", ["no-such-image", "no-registry", "unschedulable", "job-deleted", "quota-is-full"]
)
def test_none_while_there_is_none(name: str) -> None:
    run = Run(name)
    pods = [pod_state(pod, run.container) for pod in run.last_pods]
    assert outcome(job_state(run.last_job), pods, 1) is None


def test_the_last_message_is_that_of_the_deciding_worker() -> None:
    run = Run("built")
    pods = [pod_state(pod, run.container) for pod in run.last_pods]
    found = outcome(job_state(run.last_job), pods, 1)
    assert found
    assert found.last_message.startswith('{"digest":"sha256:')


def worker(rank: int, exit_code: int | None, at: int, **more: Any) -> PodState:
    """A worker that ended some seconds after the hour."""
    plain: dict[str, Any] = {
        "name": f"run-{rank}",
        "rank": rank,
        "started": True,
        "ended": True,
        "failed": exit_code != 0,
        "exit_code": exit_code,
        "finished_at": f"2026-11-22T18:00:{at:02}Z",
    }
    return PodState(**(plain | more))


@pytest.mark.parametrize(
    ("workers", "exit_code", "summary"),
    [
        ([worker(0, 1, 5), worker(1, 2, 3)], 2, "worker 1 exited 2; 1 other failed, too"),
        (
            [worker(0, 3, 1), worker(1, 3, 2), worker(2, 4, 3)],
            3,
            "worker 0 exited 3; 2 others failed, too",
        ),
        (
            [
                worker(0, 3, 1),
                worker(1, 143, 2),
                worker(2, 137, 3),
                worker(3, 137, 4, reason="OOMKilled"),
                worker(4, 1, 5, stopped=True),
                worker(5, 0, 5),
                worker(6, None, 6, reason="Evicted"),
            ],
            3,
            "worker 0 exited 3; 1 other failed, too",
        ),
        ([worker(0, 0, 1), worker(1, 3, 2), worker(2, 0, 3)], 3, "worker 1 exited 3"),
        (
            [worker(0, 0, 1), worker(1, 3, 2), worker(2, 143, 9, stopped=True)],
            3,
            "worker 1 exited 3",
        ),
        # One that was told to stop may end sooner than the status of the one that failed says.
        ([worker(0, 9, 1, stopped=True), worker(1, 4, 2)], 4, "worker 1 exited 4"),
        ([worker(0, 15, 1, stopped=True), worker(1, 0, 2)], 15, "worker 0 exited 15"),
        (
            [worker(0, 137, 1, reason="DeadlineExceeded"), worker(1, 0, 2)],
            124,
            "worker 0 ran longer than --timeout allows",
        ),
        ([worker(0, None, 1, reason="Evicted")], 125, "ended without a code (Evicted)"),
    ],
)  # fmt: skip
def test_the_code_is_that_of_the_worker_that_failed_first(
    workers: list[PodState], exit_code: int, summary: str
) -> None:
    for order in itertools.permutations(workers):
        found = outcome(FAILED, order, len(workers))
        assert found
        assert (found.exit_code, found.summary) == (exit_code, summary)


def test_within_a_second_it_is_the_one_that_was_seen_to_end_first() -> None:
    pods = [worker(1, 2, 3), worker(0, 1, 3)]
    found = outcome(FAILED, pods, 2)
    assert found
    assert found.exit_code == 2


def test_one_whose_end_nobody_saw_does_not_hide_one_that_failed() -> None:
    pods = [worker(0, None, 0, finished_at="", reason="Deleted"), worker(1, 4, 59)]
    found = outcome(FAILED, pods, 2)
    assert found
    assert found.exit_code == 4


def test_a_worker_that_was_tried_again_is_as_its_newest_pod() -> None:
    first_tries = [
        worker(0, 12, 1, name="run-0-a", created_at="2026-11-22T18:00:00Z"),
        worker(1, 11, 2, name="run-1-a", created_at="2026-11-22T18:00:00Z"),
    ]
    second_tries = [
        worker(0, 0, 21, name="run-0-b", created_at="2026-11-22T18:00:11Z"),
        worker(1, 3, 22, name="run-1-b", created_at="2026-11-22T18:00:12Z"),
    ]
    for pods in itertools.permutations([*first_tries, *second_tries]):
        found = outcome(FAILED, pods, 2)
        assert found
        assert (found.exit_code, found.summary) == (3, "worker 1 exited 3")


def test_a_failure_tells_more_than_a_try_that_has_not_ended() -> None:
    again = PodState(name="run-0-b", rank=0, created_at="2026-11-22T18:00:11Z")
    found = outcome(FAILED, [worker(0, 12, 1), again], 1)
    assert found
    assert (found.exit_code, found.summary) == (12, "exited 12")


def test_when_a_pod_was_created_is_known() -> None:
    [pod] = Run("failed").last_pods
    pod["metadata"]["creationTimestamp"] = "2026-11-22T18:00:00Z"
    assert pod_state(pod, "main").created_at == "2026-11-22T18:00:00Z"


@pytest.mark.parametrize(
    ("reason", "exit_code"), [("DeadlineExceeded", 124), ("BackoffLimitExceeded", 125), ("", 125)]
)
def test_of_a_job_without_pods(reason: str, exit_code: int) -> None:
    found = outcome(ExecutionState(failed=True, reason=reason, message="why"), [], 1)
    assert found
    assert found.exit_code == exit_code
    assert "why" in found.summary


def test_success_is_what_the_job_says() -> None:
    found = outcome(ExecutionState(succeeded=True), [worker(0, 1, 1), worker(0, 0, 2)], 1)
    assert found
    assert found.exit_code == 0


def succeeded(rank: int, **more: Any) -> PodState:
    """A worker whose pod has succeeded."""
    return replace(worker(rank, 0, rank, succeeded=True), **more)


DECIDED_BY_PODS = {"decided_by_pods": True}


@pytest.mark.parametrize(
    ("job", "pods", "expected"),
    [
        ({}, [succeeded(0), succeeded(1)], 0),
        ({}, [worker(0, 7, 1, created_at="1"), succeeded(0, created_at="2"), succeeded(1)], 0),
        ({}, [succeeded(0)], None),
        ({}, [succeeded(0), succeeded(1, deleted=True)], None),
        ({}, [succeeded(0), succeeded(1, reason="PreemptionByScheduler")], None),
        ({}, [succeeded(0), succeeded(1, exit_code=3)], None),
        ({}, [succeeded(0), succeeded(1, exit_code=None)], None),
        ({}, [succeeded(0), worker(1, 0, 2)], None),
        ({}, [succeeded(0, created_at="1"), succeeded(1), worker(0, 7, 1, created_at="2")], None),
        ({"suspended": True}, [succeeded(0), succeeded(1)], None),
        ({"cancelled_by": "ada"}, [succeeded(0), succeeded(1)], None),
        ({"decided_by_pods": False}, [succeeded(0), succeeded(1)], None),
        ({"failed": True, "reason": "DeadlineExceeded"}, [succeeded(0), succeeded(1)], 124),
    ],
)
def test_pods_that_succeed_decide_before_their_job_counts_them(
    job: dict[str, Any], pods: list[PodState], expected: int | None
) -> None:
    found = outcome(ExecutionState(**(DECIDED_BY_PODS | job)), pods, workers=2)
    assert (found.exit_code if found else None) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, True),
        ({"suspend": False}, True),
        ({"suspend": True}, False),
        ({"successPolicy": {"rules": [{"succeededIndexes": "0"}]}}, False),
        ({"managedBy": "kueue.x-k8s.io/multikueue"}, False),
    ],
)
def test_whether_pods_decide(spec: dict[str, Any], expected: bool) -> None:
    assert job_state({"metadata": {}, "spec": spec}).decided_by_pods is expected
