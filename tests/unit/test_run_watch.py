"""Watching runs across an API server that goes away, comes back, and forgets."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.object_watch import ObjectWatch
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.model.run import Run
from kubectl_submit.runs.run_watch import RunWatch
from tests.errors import raises_code

from .clusters import lines
from .fakes.program import list_of
from .programs import FOREVER, Answer
from .simulation import Simulation

EXPIRED = '{"type":"ERROR","object":{"kind":"Status","metadata":{},"code":410}}\n'
REFUSED = Answer(stderr="the connection was refused - did you specify", exit_code=1)


def job(name: str, version: str = "1") -> dict[str, Any]:
    """A Job of ours that has just been created."""
    labels = {"kubectl-submit/name": name, "app.kubernetes.io/managed-by": "kubectl-submit"}
    metadata = {"name": name, "namespace": "team", "uid": name, "labels": labels}
    created = {"creationTimestamp": "2026-11-22T17:00:00Z", "resourceVersion": version}
    template = {"spec": {"containers": [{"name": "main"}]}}
    return {"metadata": metadata | created, "spec": {"template": template}, "status": {}}


@pytest.fixture(autouse=True)
def nothing_else(cluster: Simulation) -> None:
    """No RayJobs and no pods."""
    for kind in ("rayjobs", "pods"):
        cluster.on(f"/{kind}?labelSelector", Answer(list_of([])))
        cluster.on(f"/{kind}?watch", Answer(FOREVER))


def seen(cluster: Simulation, until: list[str], seconds: float = 1000.0) -> list[list[str]]:
    """The names of the runs, each time that they are told; until these are, or for so long."""
    told: list[list[str]] = []
    loop = cluster.loop()
    deadline = cluster.now + seconds

    def note(runs: list[Run]) -> None:
        told.append([run.name for run in runs])

    try:
        RunWatch(loop, Kubectl(), "team", note)
        loop.later(seconds, lambda: None)
        while until not in told and cluster.now < deadline:
            loop.run_once()
    finally:
        loop.close()
    return told


def test_what_is_there_is_told_at_once(cluster: Simulation) -> None:
    cluster.on("/jobs?labelSelector", Answer(list_of([job("first"), job("second")])))
    cluster.on("/jobs?watch", Answer(FOREVER))
    assert seen(cluster, ["first", "second"]) == [["first", "second"]]


def test_a_server_that_is_away_for_a_moment(cluster: Simulation) -> None:
    """What has happened meanwhile is told by the next watch, from the last version on."""
    told = [{"type": "ADDED", "object": job("second", "8")}]
    cluster.on("/jobs?labelSelector", Answer(list_of([job("first")])))
    deleted = [{"type": "DELETED", "object": job("first", "9")}]
    cluster.on("/jobs?watch", Answer(lines(told)), Answer(lines(deleted), FOREVER))
    assert seen(cluster, ["second"]) == [["first", "second"], ["second"]]
    versions = [call.argv[2].rpartition("resourceVersion=")[2] for call in cluster.calls("/jobs?")]
    assert versions[1:] == ["1", "8"]


def test_a_version_that_the_server_does_not_know_any_more(cluster: Simulation) -> None:
    lists = [Answer(list_of([job("first"), job("kept")])), REFUSED]
    then = Answer(list_of([job("kept"), job("then")]))
    cluster.on("/jobs?labelSelector", *lists, then)
    cluster.on("/jobs?watch", Answer(EXPIRED), Answer(FOREVER))
    assert seen(cluster, ["kept", "then"])[0] == ["first", "kept"]


def test_a_watch_that_fails_at_once_is_begun_with_a_list(cluster: Simulation) -> None:
    """kubectl fails where the server answers 410 at the beginning of a watch."""
    gone = Answer(stderr="Error from server (Expired): too old resource version", exit_code=1)
    cluster.on("/jobs?labelSelector", Answer(list_of([job("a")])), Answer(list_of([job("b")])))
    cluster.on("/jobs?watch", gone, Answer(FOREVER))
    assert seen(cluster, ["b"]) == [["a"], ["b"]]


@pytest.mark.parametrize("words", ["(NotFound)", "(Forbidden)"])
def test_one_can_do_without_ray_jobs(cluster: Simulation, words: str) -> None:
    cluster.on("/rayjobs?", Answer(stderr=f"Error from server {words}", exit_code=1))
    cluster.on("/jobs?labelSelector", Answer(list_of([job("first")])))
    cluster.on("/jobs?watch", Answer(FOREVER))
    assert seen(cluster, ["first"]) == [["first"]]
    assert seen(cluster, ["never"], seconds=60)
    assert len(cluster.calls("/rayjobs?")) == 2


def test_what_may_not_be_watched_is_told(cluster: Simulation) -> None:
    cluster.on("/jobs?labelSelector", Answer(list_of([job("first")])))
    cluster.on("/jobs?watch", Answer(stderr="Error from server (Forbidden)", exit_code=1))
    with raises_code(ErrorCode.WATCH_NOT_ALLOWED, ClusterError):
        seen(cluster, ["never"])


def test_a_watch_that_never_works_ends_some_time(cluster: Simulation) -> None:
    """Although the lists between do."""
    cluster.on("/jobs?labelSelector", Answer(list_of([job("first")])))
    cluster.on("/jobs?watch", Answer(stderr="error: 404 page not found", exit_code=1))
    with raises_code(ErrorCode.CLUSTER_CONTACT_LOST, ClusterError):
        seen(cluster, ["never"])


def test_a_second_list_tells_only_what_has_changed(cluster: Simulation) -> None:
    before = list_of([job("kept"), job("changed"), job("gone")])
    after = list_of([job("kept"), job("changed", "2"), job("new")])
    cluster.on("/jobs?labelSelector", Answer(before), Answer(after))
    cluster.on("/jobs?watch", Answer(EXPIRED), Answer(FOREVER))
    told: list[tuple[str, str]] = []
    loop = cluster.loop()
    watch = ObjectWatch(
        loop,
        Kubectl(),
        "/apis/batch/v1/jobs",
        {"labelSelector": "x"},
        lambda change, one: told.append((change, one["metadata"]["name"])),
        needed=True,
        contact_seconds=60,
    )
    watch.start()
    while ("ADDED", "new") not in told:
        loop.run_once()
    loop.close()
    assert sorted(told[3:]) == [("ADDED", "new"), ("MISSING", "gone"), ("MODIFIED", "changed")]
