"""`builder create`, `status` and `delete`, against a fake kubectl."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli import main
from kubectl_submit.model import builder
from kubectl_submit.model.builder import DEFAULT_NAME, BuilderSettings

from .programs import FOREVER, Answer, Program

OPENSSL = shutil.which("openssl", path=os.environ["PATH"]) or "this test needs openssl"
NONE: dict[str, list[Any]] = {"items": []}
UNBOUND = "no persistent volumes available for this claim and no storage class is set"


def head(name: str, **more: Any) -> dict[str, Any]:
    """The metadata of an object."""
    labels = {builder.BUILDER_LABEL: DEFAULT_NAME}
    times = {"creationTimestamp": "2026-11-30T12:00:00Z"}
    return {
        "name": name,
        "uid": f"uid of {name}",
        "generation": 1,
        "labels": labels,
        **times,
        **more,
    }


def stateful_set(*, ready: bool = True, **settings: Any) -> dict[str, Any]:
    """The builder's StatefulSet."""
    annotations = {builder.SETTINGS: BuilderSettings(**settings).recorded()}
    status = {"observedGeneration": 1, "readyReplicas": int(ready)}
    spec = {"template": {"spec": {"containers": [{"name": "buildkit", "image": "buildkit:1"}]}}}
    metadata = head(DEFAULT_NAME, annotations=annotations)
    return {"kind": "StatefulSet", "metadata": metadata, "spec": spec, "status": status}


def pod(**status: Any) -> dict[str, Any]:
    """Its pod."""
    return {"metadata": head(f"{DEFAULT_NAME}-0"), "spec": {"nodeName": "node1"}, "status": status}


def listed(items: Sequence[Any]) -> Answer:
    """What the API lists."""
    return Answer(json.dumps({"items": items, "metadata": {"resourceVersion": "1"}}))


class Cluster:
    """What kubectl says of a namespace."""

    def __init__(self, kubectl: Program) -> None:
        self.kubectl = kubectl
        kubectl.on("apply", Answer())
        kubectl.on("delete", Answer("statefulset.apps/x\n"))
        kubectl.on("get", "-f", Answer())
        self.before()
        self.after(stateful_set())

    def before(self, *stateful_sets: Any) -> None:
        """The builder as it is at first."""
        found = {"kind": "List", "items": stateful_sets}
        self.kubectl.on("get", "statefulsets.apps", Answer(json.dumps(found)))

    def after(
        self,
        found: Any,
        pods: Sequence[Any] = (),
        claims: Sequence[Any] = (),
        events: Sequence[Any] = (),
    ) -> None:
        """What there is once it is applied."""
        self.kubectl.on("--raw", "/statefulsets?", listed([found]))
        self.kubectl.on("--raw", "/pods?", listed(pods))
        self.kubectl.on("--raw", "/persistentvolumeclaims?", listed(claims))
        self.kubectl.on("--raw", "/events?", listed(events))
        self.kubectl.on("--raw", "watch=1", Answer(FOREVER))

    def applied(self) -> list[Any]:
        """The objects of every `kubectl apply` that was no dry run."""
        calls = self.kubectl.calls("apply")
        done = [call.stdin for call in calls if "--dry-run=server" not in call.argv]
        return [one for text in done for one in yaml.safe_load_all(text)]


@pytest.fixture
def cluster(kubectl: Program, tmp_path: Path) -> Cluster:
    (tmp_path / "bin" / "openssl").symlink_to(OPENSSL)
    return Cluster(kubectl)


def run(*arguments: str) -> int:
    """The exit code of `kubectl submit builder …` in the namespace team."""
    return main.run(["builder", *arguments, "-n", "team"])


def test_all_is_tried_before_anything_is_made(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("create") == 0
    tried, done = cluster.kubectl.calls("apply")
    assert "--dry-run=server" in tried.argv
    assert "--dry-run=server" not in done.argv
    assert "PRIVATE KEY" in done.stdin
    assert "PRIVATE KEY" not in str([call.argv for call in cluster.kubectl.all_calls])
    assert cluster.kubectl.calls("delete") == []
    assert f"builder {DEFAULT_NAME} is ready; builds in team use it" in capfd.readouterr().err


def test_what_is_not_named_stays(cluster: Cluster) -> None:
    cluster.before(stateful_set(storage="100Gi", allow_namespace=("a", "b")))
    assert run("create", "--allow-namespace=b", "--cpu=2") == 0
    claim, *_ = cluster.applied()
    assert claim["spec"]["resources"]["requests"]["storage"] == "100Gi"
    [deleted] = cluster.kubectl.calls("delete")
    assert deleted.argv[:3] == ["delete", "secret", f"{DEFAULT_NAME}-client"]
    assert "--namespace=a" in deleted.argv
    assert "--namespace=team" not in deleted.argv


def test_a_claim_that_is_not_needed_any_more(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.before(stateful_set(storage="100Gi"))
    assert run("create", "--storage=0") == 0
    assert "persistentvolumeclaim" in cluster.kubectl.call("delete").argv
    assert "is deleted, with all that the builder had stored" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            {
                "claims": [{"metadata": head("claim"), "status": {"phase": "Pending"}}],
                "events": [
                    {
                        "metadata": {"uid": "e"},
                        "reason": "FailedBinding",
                        "message": UNBOUND,
                        "involvedObject": {"kind": "PersistentVolumeClaim", "uid": "uid of claim"},
                    }
                ],
            },
            f"error: there is no volume for the claim {DEFAULT_NAME}\n{UNBOUND}\n",
        ),
        (
            {
                "pods": [
                    pod(
                        containerStatuses=[
                            {
                                "name": "buildkit",
                                "restartCount": 2,
                                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                                "lastState": {"terminated": {"exitCode": 1, "message": "no!"}},
                            }
                        ]
                    )
                ]
            },
            "cannot run\nBuildKit exits 1 each time it starts:\nno!",
        ),
        (
            {
                "events": [
                    {
                        "metadata": {"uid": "e"},
                        "reason": "FailedCreate",
                        "type": "Warning",
                        "message": "create Pod x failed: pods x is forbidden: violates PodSecurity",
                        "involvedObject": {"kind": "StatefulSet", "uid": f"uid of {DEFAULT_NAME}"},
                    }
                ]
            },
            "violates PodSecurity",
        ),
    ],
)
def test_what_can_never_run_is_told_and_removed(
    cluster: Cluster, capfd: pytest.CaptureFixture[str], problem: dict[str, Any], told: str
) -> None:
    cluster.after(stateful_set(ready=False), **problem)
    assert run("create") == 1
    assert told in capfd.readouterr().err
    assert "--selector" in str(cluster.kubectl.call("delete").argv)
    assert cluster.kubectl.running == []

    # What ran before may run again: its events and restarts may be old.
    cluster.before(stateful_set())
    assert run("create", "--pending-timeout=1") == 124
    assert len(cluster.kubectl.calls("delete")) == 1


def test_one_that_is_not_ready_in_time(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    unplaced = {"type": "PodScheduled", "status": "False", "message": "no node fits"}
    cluster.after(stateful_set(ready=False), pods=[pod(conditions=[unplaced])])
    assert run("create", "--pending-timeout=1") == 124
    said = capfd.readouterr().err
    assert f"waiting: builder {DEFAULT_NAME}: Pending: no node fits\n" in said
    assert "was not ready within 1 seconds\nPending: no node fits\n" in said


def test_a_name_that_something_else_has(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    service = {"kind": "Service", "metadata": {"name": "mine", "labels": {}}}
    cluster.kubectl.on("get", "-f", Answer(json.dumps(service)))
    assert run("create", "mine") == 1
    assert "Service mine exists, and belongs to no builder" in capfd.readouterr().err
    assert cluster.kubectl.calls("apply") == []


def test_a_cluster_that_refuses_it(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    cluster.kubectl.on("apply", Answer(stderr="spec: Forbidden: less than before", exit_code=1))
    cluster.before(stateful_set())
    assert run("create") == 1
    assert "error: the cluster refused the builder\nspec: Forbidden" in capfd.readouterr().err
    assert len(cluster.kubectl.calls("apply")) == 1
    assert cluster.kubectl.calls("delete") == []


def test_status(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    found = stateful_set(storage="100Gi")
    cluster.before(found)
    cluster.after(found, pods=[pod(containerStatuses=[{"name": "buildkit", "restartCount": 3}])])
    says = (
        "BuildKit: github.com/moby/buildkit v0.32.2 abc\nTotal:\t\t2.4GB\ntmpfs 9G 3G 6G 33% /x\n"
    )
    cluster.kubectl.on("exec", Answer(says))
    assert run("status") == 0
    told = dict(line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines())
    assert told["builder"] == f"{DEFAULT_NAME}, ready"
    assert told["address"] == f"tcp://{DEFAULT_NAME}.team:1234"
    assert told["version"] == "github.com/moby/buildkit v0.32.2 abc"
    assert told["storage"] == "2.4GB in the cache, disk 33% full, of 100Gi"
    assert told["pod"] == f"{DEFAULT_NAME}-0 on node1, 3 restarts"


def test_status_without_the_right_to_ask_inside(
    cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.before(stateful_set())
    cluster.after(stateful_set(), pods=[pod()])
    cluster.kubectl.on("exec", Answer(stderr="forbidden", exit_code=1))
    assert run("status") == 0
    told = dict(line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines())
    assert (told["version"], told["storage"]) == ("buildkit:1", "of 50Gi")


def test_delete(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    cluster.before(stateful_set(allow_namespace=("a",)))
    assert run("delete") == 0
    of_the_other, own = cluster.kubectl.calls("delete")
    assert of_the_other.argv[1:3] == ["secret", f"{DEFAULT_NAME}-client"]
    assert "--namespace=a" in of_the_other.argv
    assert f"--selector={builder.BUILDER_LABEL}={DEFAULT_NAME}" in own.argv
    assert "with its claim and all that it had stored" in capfd.readouterr().err


@pytest.mark.parametrize("action", ["status", "delete"])
def test_there_is_none(cluster: Cluster, capfd: pytest.CaptureFixture[str], action: str) -> None:
    cluster.kubectl.on("delete", Answer("No resources found\n"))
    assert run(action) == 1
    assert f"error: there is no builder {DEFAULT_NAME} in team\n" in capfd.readouterr().err


@pytest.mark.parametrize("words", [(), ("grow",), ("create", "a", "b")])
def test_other_words(words: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert "create, status, delete" in capfd.readouterr().err
