"""What is done once a run has been followed: what the cluster forgets is recorded on its Job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ExecutionError
from kubectl_submit.execution_backends.kubernetes.job_state import job_state
from kubectl_submit.execution_backends.outcomes import outcome
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.provenance import OUTCOME
from kubectl_submit.runs import settlement

from .examples import execution
from .programs import Answer, Program

SUMMARY = "exited 7; the Job was ended because the container proxy did not end"


def settle(kubectl: Program, **fields: Any) -> tuple[Outcome, list[str]]:
    """What becomes of an outcome, and what is warned of."""
    warnings: list[str] = []
    plain: dict[str, Any] = {"exit_code": 7, "summary": SUMMARY}
    found = Outcome(**(plain | fields))
    return settlement.settle(execution(), found, Kubectl(), warnings.append), warnings


def test_nothing_is_done_about_a_plain_outcome(kubectl: Program) -> None:
    found, warnings = settle(kubectl)
    assert (found.summary, warnings, kubectl.all_calls) == (SUMMARY, [], [])


@pytest.mark.parametrize(
    ("fields", "spec"),
    [({"ends_job": True}, {"activeDeadlineSeconds": 1}), ({"fleeting": True}, None)],
)
def test_what_is_recorded_is_what_everybody_reads(
    kubectl: Program, fields: dict[str, Any], spec: dict[str, Any] | None
) -> None:
    kubectl.on("patch", Answer())
    settle(kubectl, **fields)
    change = json.loads(kubectl.call("patch").flag("--patch"))
    assert change.get("spec") == spec
    condition = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}
    job = {"metadata": change["metadata"], "status": {"conditions": [condition]}}
    read = outcome(job_state(job), [], 1)
    assert read
    assert (read.exit_code, read.summary) == (7, SUMMARY)
    assert outcome(job_state({**job, "status": {}}), [], 1) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"exitCode": null}', '{"exitCode": "x"}'])
def test_a_record_that_cannot_be_read_is_none(text: str) -> None:
    condition = {"type": "Complete", "status": "True"}
    annotations = {OUTCOME: text}
    job = {"metadata": {"annotations": annotations}, "status": {"conditions": [condition]}}
    read = outcome(job_state(job), [], 1)
    assert read
    assert read.summary == "succeeded"


def test_whoever_may_not_end_the_job_is_told(kubectl: Program) -> None:
    kubectl.on("patch", Answer(stderr="Error from server (Forbidden): no\n", exit_code=1))
    found, [warning] = settle(kubectl, ends_job=True)
    assert found.exit_code == 7
    assert warning.startswith("warning: job/app-0123456-x2k4z goes on, the cluster forbids it")
    assert settle(kubectl, fleeting=True)[1] == []


def test_the_last_lines_of_what_failed(kubectl: Program) -> None:
    kubectl.on("logs", Answer("no bucket\n"))
    found, _ = settle(kubectl, log_source=("run-0", "fetch"))
    assert found.last_words == "no bucket"
    assert "--previous" in kubectl.call("logs").argv


def test_the_last_lines_of_what_does_not_start(kubectl: Program) -> None:
    kubectl.on("logs", Answer("no user namespaces\n"))
    kubectl.on("logs", "--previous", Answer(stderr="previous terminated container", exit_code=1))
    error = ExecutionError(
        "the pod cannot run",
        code=ErrorCode.POD_CANNOT_RUN,
        last_words="it exits 1 each time it starts",
    )
    error.log_source = ("run-0", "buildkit")
    settlement.explain(execution(), error, Kubectl())
    assert error.last_words == "it exits 1 each time it starts\nno user namespaces"


def test_a_log_that_the_node_has_removed_has_no_last_lines(kubectl: Program) -> None:
    kubectl.on("logs", Answer("no user namespaces\n"))
    gone = "unable to retrieve container logs for containerd://0dbb4291"
    kubectl.on("logs", "--previous", Answer(gone))
    found, _ = settle(kubectl, log_source=("run-0", "fetch"))
    assert found.last_words == "no user namespaces"


EVICTED = {
    "involvedObject": {"name": f"{execution().name}-1-x2k4z"},
    "message": "Pod ephemeral local storage usage exceeds the total limit of containers 5Mi. ",
}


@pytest.mark.parametrize(("workers", "who"), [(1, ""), (2, "worker 1 ")])
def test_a_success_of_a_pod_that_was_evicted_is_told_and_recorded(
    kubectl: Program, workers: int, who: str
) -> None:
    kubectl.on("reason%3DEvicted", Answer(json.dumps({"items": [EVICTED]})))
    kubectl.on("patch", Answer())
    good = Outcome(exit_code=0, summary="succeeded")
    run = execution(workers=workers)
    found = settlement.settle(run, good, Kubectl(), pytest.fail, maybe_evicted=True)
    why = "Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 5Mi."
    said = f"succeeded, but {who}exited 0 when asked to stop ({why})"
    assert (found.exit_code, found.summary) == (0, said)
    assert said in kubectl.call("patch").flag("--patch")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(json.dumps({"items": []})),
        Answer(json.dumps({"items": [{"involvedObject": {"name": "other-1-x2k4z"}}]})),
        Answer(stderr="Error from server (Forbidden): events is forbidden", exit_code=1),
    ],
)
def test_other_evictions_do_not_touch_a_success(kubectl: Program, answer: Answer) -> None:
    kubectl.on("reason%3DEvicted", answer)
    good = Outcome(exit_code=0, summary="succeeded")
    assert settlement.settle(execution(), good, Kubectl(), pytest.fail, maybe_evicted=True) == good


def test_nobody_asks_for_evictions_where_every_line_is_there(kubectl: Program) -> None:
    settlement.settle(
        execution(), Outcome(exit_code=0, summary="succeeded"), Kubectl(), pytest.fail
    )
    assert kubectl.all_calls == []
