"""What the cluster's objects say, read from objects that a real cluster gave."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.model import pods
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.pods import DELETED, PodState

from .samples import Run, all_runs


def last_state(name: str) -> PodState:
    """What is to be said of the (last) pod of a run, in the end."""
    run = Run(name)
    return pods.pod_state(run.last_pods[-1], run.container)


@pytest.mark.parametrize(
    ("run", "exit_code", "failed", "stopped", "reason", "message"),
    [
        ("succeeded", 0, False, False, "", ""),
        ("failed", 7, True, False, "", "one\ntwo\n"),
        ("out-of-memory", 137, True, False, "OOMKilled", ""),
        ("timeout", 137, True, False, "DeadlineExceeded", "waits\n"),
        ("timeout-exits-0", 0, True, False, "DeadlineExceeded", "Pod was active on the node"),
        ("evicted", 137, True, False, "Evicted", "64+0 records in\n"),
        ("pod-deleted", 5, True, True, DELETED, "waits\nstops\n"),
        ("job-deadline", 5, True, True, DELETED, "waits\nstops\n"),
        ("start-error", None, True, False, "StartError", "failed to create containerd task"),
        ("built", 0, False, False, "", '{"digest":"sha256:'),
    ],
)
def test_how_a_container_ended(
    run: str, exit_code: int | None, failed: bool, stopped: bool, reason: str, message: str
) -> None:
    state = last_state(run)
    assert state.ended
    assert state.finished_at.startswith("2026-")
    assert (state.exit_code, state.failed, state.stopped) == (exit_code, failed, stopped)
    assert state.reason == reason
    assert state.message.startswith(message)


@pytest.mark.parametrize(
    ("run", "waiting", "start_failure"),
    [
        ("unschedulable", "Unschedulable: 0/1 nodes are available: 1 Insufficient", ""),
        ("no-such-image", "ImagePullBackOff: Back-off pulling image", "ImagePullBackOff: Back-off"),
        ("bad-image-name", "InvalidImageName: Failed", "InvalidImageName: Failed"),
        (
            "no-such-secret",
            'CreateContainerConfigError: secret "no-such-secret" not found',
            'CreateContainerConfigError: secret "no-such-secret" not found',
        ),
        ("sidecar-exits", "", "the container sidecar exits 3 each time it starts"),
        ("start-error", "", "failed to create containerd task"),
    ],
)  # fmt: skip
def test_why_a_container_does_not_run(run: str, waiting: str, start_failure: str) -> None:
    state = last_state(run)
    assert not state.started
    assert state.waiting.startswith(waiting)
    assert state.start_failure.startswith(start_failure)
    assert bool(state.start_failure) == bool(start_failure)


@pytest.mark.parametrize("run", all_runs())
def test_a_container_starts_once_and_ends_once(run: str) -> None:
    recorded = Run(run)
    states: dict[str, list[tuple[bool, bool]]] = {}
    for event in recorded.pods:
        state = pods.pod_state(event["object"], recorded.container)
        states.setdefault(state.name, []).append((state.started, state.ended))
    for seen in states.values():
        assert seen[0] == (False, False)
        assert seen == sorted(seen)
        # Only of one that has started is there a log.
    started = {name for name, seen in states.items() if any(started for started, _ in seen)}
    with_log = {name for name, log in recorded.logs.items() if log}
    assert with_log <= started


def test_what_passes_is_not_hopeless() -> None:
    pod = Run("no-such-image").last_pods[-1]
    [status] = pod["status"]["containerStatuses"]
    for fault in ("toomanyrequests: rate limit", "dial tcp: i/o timeout", "pull QPS exceeded"):
        status["state"]["waiting"]["message"] = fault
        state = pods.pod_state(pod, "main")
        assert (state.start_failure, state.waiting) == ("", f"ImagePullBackOff: {fault}")


def test_a_sidecar_may_stumble_once() -> None:
    recorded = Run("sidecar-exits")
    states = [pods.pod_state(event["object"], "main") for event in recorded.pods]
    assert [bool(state.start_failure) for state in states] == [False] * (len(states) - 1) + [True]
    assert any(state.waiting.startswith("CrashLoopBackOff: ") for state in states)


def test_what_is_to_be_read_stands_in_its_own_container() -> None:
    recorded = Run("built")
    assert pods.pod_state(recorded.last_pods[0], "build").exit_code == 0
    assert pods.pod_state(recorded.last_pods[0], "another").exit_code is None


@pytest.mark.parametrize(
    ("status", "exit_code", "reason"),
    [
        ({"phase": "Failed", "reason": "Evicted", "message": "The node was low"}, None, "Evicted"),
        ({"phase": "Failed", "reason": "NodeLost"}, None, "NodeLost"),
        ({"phase": "Failed"}, None, ""),
    ],
)
def test_a_pod_can_fail_without_a_container(
    status: dict[str, Any], exit_code: int | None, reason: str
) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"restartPolicy": "Never"}, "status": status}
    state = pods.pod_state(pod, "main")
    assert (state.started, state.ended, state.failed) == (False, True, True)
    assert (state.exit_code, state.reason) == (exit_code, reason)
    assert state.message == status.get("message", "")


def test_a_pod_that_somebody_took_away_did_not_just_stop() -> None:
    pod = Run("pod-deleted").last_pods[-1]
    pod["status"]["conditions"].append(
        {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    )
    state = pods.pod_state(pod, "main")
    assert (state.stopped, state.reason) == (False, "PreemptionByScheduler")


def test_where_containers_are_restarted_one_end_is_not_the_end() -> None:
    pod = Run("failed").last_pods[-1]
    pod["spec"]["restartPolicy"] = "OnFailure"
    pod["status"]["phase"] = "Running"
    state = pods.pod_state(pod, "main")
    assert (state.started, state.ended, state.exit_code) == (True, False, None)


def test_a_new_pod_says_little() -> None:
    assert pods.pod_state({"metadata": {"name": "p"}}, "main") == PodState(
        name="p", rank=0, ranked=False
    )


def test_the_rank_is_that_of_the_job() -> None:
    ranks = {pods.pod_state(pod, "main").rank for pod in Run("first-of-two").last_pods}
    assert ranks == {0, 1}


@pytest.mark.parametrize(
    ("run", "states"),
    [
        ("succeeded", ["", "succeeded", "succeeded settled"]),
        ("failed", ["", "failed", "failed settled"]),
        ("suspended", ["", "suspended", "", "succeeded", "succeeded settled"]),
        ("job-deadline", ["", "failed", "failed settled"]),
        ("no-such-image", [""]),
        ("job-deleted", [""]),
    ],
)
def test_what_a_job_says(run: str, states: list[str]) -> None:
    said = []
    for event in Run(run).job:
        state = job_state.job_state(event["object"])
        flags = ("suspended", "succeeded", "failed", "settled")
        said.append(" ".join(flag for flag in flags if getattr(state, flag)))
    assert [words for words, _ in itertools.groupby(said)] == states


def test_why_a_job_failed() -> None:
    state = job_state.job_state(Run("job-deadline").last_job)
    assert (state.reason, state.message) == (
        "DeadlineExceeded",
        "Job was active longer than specified deadline",
    )


def test_a_new_job_says_nothing() -> None:
    assert job_state.job_state({"metadata": {}}) == ExecutionState(decided_by_pods=True)


def test_recorded_objects_are_as_the_server_wrote_them() -> None:
    for name in all_runs():
        assert '"kind": "Job"' in json.dumps(Run(name).job[0])
