"""How far an execution has come, where workers are tried again."""

from __future__ import annotations

from typing import Any

from kubectl_submit.execution import Execution
from kubectl_submit.states.pods import RANK_LABEL
from kubectl_submit.states.progress import Progress

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
