"""A quota on Jobs that has no room for the run beside its finished build."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import job_quota
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.provenance import NAME_LABEL
from kubectl_submit.output import Output
from kubectl_submit.runs import build_followers
from tests.errors import raises_code

from .examples import BUILD_JOB, RECIPE, execution
from .programs import Answer, Program

RUN = "app-0123456-x2k4z"
FULL = ClusterError(
    "not allowed",
    code=ErrorCode.QUOTA_OF_JOBS_FULL,
    last_words='jobs.batch "x" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, '
    "used: count/jobs.batch=1, limited: count/jobs.batch=1",
    kind=ClusterErrorKind.JOB_QUOTA,
)
COMPLETE = [{"type": "Complete", "status": "True"}]


class Backend:
    """Refuses some times to create the run."""

    def __init__(self, *refusals: ClusterError) -> None:
        self.refusals = list(refusals)

    def execute(self) -> Execution:
        if self.refusals:
            raise self.refusals.pop(0)
        return execution()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_quota, "PAUSE_SECONDS", 0)


def create(backend: Backend) -> Execution:
    return job_quota.create(backend.execute, RUN, Kubectl(), Output())


def build_job(kubectl: Program, conditions: list[Any], run: str = RUN) -> None:
    """Let the namespace have a build Job, and nothing else."""
    metadata = {
        "name": BUILD_JOB,
        "namespace": "team",
        "uid": "1",
        "creationTimestamp": "2026-11-22T17:00:00Z",
        "labels": {build_followers.RECIPE_LABEL: RECIPE, NAME_LABEL: run},
        "annotations": build_followers.added(run, {}),
    }
    job = {"metadata": metadata, "spec": {}, "status": {"conditions": conditions}}
    kubectl.on("config", Answer("team"))
    kubectl.on("--raw", Answer('{"items": []}'))
    kubectl.on("--raw", "/jobs?", Answer(json.dumps({"items": [job]})))
    kubectl.on("delete", Answer())


def test_the_finished_build_makes_room(kubectl: Program) -> None:
    build_job(kubectl, COMPLETE)
    assert create(Backend(FULL, FULL, FULL)) == execution()
    assert BUILD_JOB in kubectl.call("delete").argv


def test_a_build_job_that_has_not_ended_is_awaited(
    kubectl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its image is there, its BuildKit is still ending."""
    build_job(kubectl, [])
    assert create(Backend(FULL, FULL)) == execution()
    assert kubectl.calls("delete") == []
    monkeypatch.setattr(job_quota, "ROOM_SECONDS", 0)
    with raises_code(ErrorCode.QUOTA_OF_JOBS_FULL, ClusterError):
        create(Backend(*[FULL] * 1000))


def test_another_build_does_not(kubectl: Program) -> None:
    build_job(kubectl, COMPLETE, "other")
    with raises_code(ErrorCode.QUOTA_OF_JOBS_FULL, ClusterError):
        create(Backend(FULL))
    assert kubectl.calls("delete") == []


def test_it_gives_up(kubectl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_quota, "ROOM_SECONDS", 0)
    build_job(kubectl, COMPLETE)
    with raises_code(ErrorCode.QUOTA_OF_JOBS_FULL, ClusterError):
        create(Backend(*[FULL] * 1000))


def test_other_errors_are_not_its_concern(kubectl: Program) -> None:
    other = ClusterError("no such namespace", code=ErrorCode.NAMESPACE_NOT_FOUND)
    with raises_code(ErrorCode.NAMESPACE_NOT_FOUND, ClusterError):
        create(Backend(other))
    assert kubectl.all_calls == []
