"""How far an execution has come, where workers are tried again."""

from __future__ import annotations

from typing import Any

from kubectl_submit.following.progress import Progress
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.pods import RANK_LABEL

EXECUTION = Execution(
    kind="job",
    name="run",
    namespace="team",
    uid="1",
    object_path="/apis/batch/v1/namespaces/team/jobs",
    workers=2,
    pod_selector="batch.kubernetes.io/job-name=run",
    container="main",
)


def pod(name: str, rank: int | None, state: dict[str, Any]) -> dict[str, Any]:
    """A pod whose container is in that state."""
    labels = {} if rank is None else {RANK_LABEL: str(rank)}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"restartPolicy": "Never"},
        "status": {"containerStatuses": [{"name": "main", "state": state}]},
    }


def test_a_worker_that_is_tried_again_does_not_stand_for_another_one() -> None:
    progress = Progress(EXECUTION)
    progress.note_pod("ADDED", pod("run-0-a", 0, {"terminated": {"exitCode": 12}}))
    progress.note_pod("ADDED", pod("run-0-b", 0, {"running": {}}))
    assert (progress.all_known, progress.all_started) == (False, False)
    progress.note_pod("ADDED", pod("run-1-a", 1, {}))
    assert (progress.all_known, progress.all_started) == (True, False)
    progress.note_pod("MODIFIED", pod("run-1-a", 1, {"running": {}}))
    assert (progress.all_known, progress.all_started) == (True, True)


def test_pods_without_ranks_stand_for_themselves() -> None:
    progress = Progress(EXECUTION)
    progress.note_pod("ADDED", pod("run-a", None, {"running": {}}))
    assert (progress.all_known, progress.all_started) == (False, False)
    progress.note_pod("ADDED", pod("run-b", None, {"running": {}}))
    assert (progress.all_known, progress.all_started) == (True, True)


def begun_again(progress: Progress, *told: dict[str, Any]) -> list[str]:
    """What is said of each of these pods."""
    said = []
    for one in told:
        progress.note_pod("MODIFIED", one)
        said.append(progress.begins_again)
    return said


def test_a_command_that_is_tried_again_says_why() -> None:
    running: dict[str, Any] = {"running": {}}
    failed = {"terminated": {"exitCode": 12}}
    told = (pod("a", 0, running), pod("a", 0, failed), pod("b", 0, {}), pod("b", 0, running))
    assert begun_again(Progress(EXECUTION), *told) == ["", "", "", "the last try exited 12"]


def test_a_command_that_was_suspended_says_so_once() -> None:
    progress = Progress(EXECUTION)
    running: dict[str, Any] = {"running": {}}
    begun_again(progress, pod("a", 0, running))
    condition = {"type": "Suspended", "status": "True"}
    job: dict[str, Any] = {"metadata": {}, "spec": {}, "status": {"conditions": [condition]}}
    progress.note_job(job)
    progress.note_pod("DELETED", pod("a", 0, running))
    assert progress.all_started is False
    progress.note_job({"metadata": {}, "spec": {}})
    told = (pod("b", 0, {}), pod("b", 0, running), pod("b", 0, running))
    assert begun_again(progress, *told) == ["", "the Job was suspended and resumed", ""]
    assert begun_again(progress, pod("c", 1, running)) == [""]


def test_a_container_that_the_kubelet_starts_again() -> None:
    first, second = pod("a", 0, {"running": {}}), pod("a", 0, {"running": {}})
    for number, one in enumerate((first, second)):
        one["spec"]["restartPolicy"] = "OnFailure"
        one["status"]["containerStatuses"][0]["restartCount"] = number
    again = "its container was started again by the kubelet"
    assert begun_again(Progress(EXECUTION), first, first, second, second) == ["", "", again, ""]


def test_a_container_that_does_not_end_is_awaited_for_a_while() -> None:
    progress = Progress(EXECUTION)
    for rank in (0, 1):
        held = pod(f"run-{rank}", rank, {"terminated": {"exitCode": 0}})
        held["status"]["containerStatuses"].append({"name": "proxy", "state": {"running": {}}})
        progress.note_time(rank)
        progress.note_pod("ADDED", held)
    for now in (100.0, 129.0):
        progress.note_time(now)
        assert progress.outcome is None
    progress.note_time(130.0)
    assert progress.outcome
    assert (progress.outcome.exit_code, progress.outcome.ends_job) == (0, True)
    assert progress.explained


def test_a_worker_that_cannot_start_ends_others_only_with_a_word() -> None:
    progress = Progress(EXECUTION)
    waits = progress.note_pod("ADDED", pod("run-1", 1, {}))
    assert not progress.give_up_start("ErrImagePull: x", waits)
    assert progress.outcome is None
    progress.note_pod("ADDED", pod("run-0", 0, {"running": {}}))
    assert progress.give_up_start("ErrImagePull: x", waits)
    assert progress.outcome
    assert progress.outcome.exit_code == 125
    assert progress.outcome.summary == (
        "worker 1 cannot start, and 1 other that ran was stopped: ErrImagePull: x"
    )


def test_how_long_a_pod_was_told_to_stop_is_remembered() -> None:
    """A kubelet sets the grace period to 0 when all has ended, with a new time to be gone."""
    progress = Progress(EXECUTION)
    running = pod("a", 0, {"running": {}})
    gone = pod("a", 0, {"terminated": {"exitCode": 5}})
    running["metadata"] |= {"deletionTimestamp": "2026-11-30T04:00:40Z"}
    progress.note_pod("ADDED", running)
    gone["metadata"] |= {
        "deletionTimestamp": "2026-11-30T04:00:12Z",
        "deletionGracePeriodSeconds": 0,
    }
    gone["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] = (
        "2026-11-30T04:00:10Z"
    )
    state = progress.note_pod("MODIFIED", gone)
    assert (state.stopped, state.reason) == (True, "its pod was deleted")


def test_why_a_pod_ended_may_be_said_after_its_end() -> None:
    progress = Progress(EXECUTION)
    first, second = (pod("a", 0, {"terminated": {"exitCode": 137}}) for _ in range(2))
    assert progress.note_pod("MODIFIED", first).reason == ""
    second["status"] |= {"phase": "Failed", "reason": "Evicted"}
    assert progress.note_pod("MODIFIED", second).reason == "Evicted"
    second["metadata"]["deletionTimestamp"] = "2026-11-30T04:00:40Z"
    state = progress.note_pod("MODIFIED", second)
    assert (state.reason, state.stopped, state.deleted) == ("Evicted", False, False)
