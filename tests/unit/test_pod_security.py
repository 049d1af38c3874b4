"""Pods as a namespace wants them that enforces `restricted`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.cluster import pod_security
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.execution_backends.ray.backend import BACKEND as RAY
from kubectl_submit.manifests.tree import Node

from .examples import execution_parameters
from .programs import Answer, Program

KUBECTL = Kubectl(flags=("--namespace=team",))
POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
OWN = """\
kind: Job
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000}
      initContainers:
      - name: before
        image: busybox
        securityContext: {allowPrivilegeEscalation: true}
      containers:
      - name: main
        image: busybox
"""


@pytest.mark.parametrize(
    ("labels", "restricted"),
    [
        ({"pod-security.kubernetes.io/enforce": "restricted"}, True),
        ({"pod-security.kubernetes.io/enforce": "baseline"}, False),
        ({"pod-security.kubernetes.io/warn": "restricted"}, False),
        (None, False),
    ],
)
def test_what_the_namespace_enforces(kubectl: Program, labels: Any, restricted: bool) -> None:
    namespace = {"metadata": {"name": "team", "labels": labels}}
    kubectl.on("/api/v1/namespaces/team", Answer(json.dumps(namespace)))
    assert pod_security.start_restricted_check(KUBECTL).result() is restricted


def test_a_namespace_that_may_not_be_read(kubectl: Program) -> None:
    kubectl.on("/api/v1/namespaces/team", Answer(stderr="(Forbidden)", exit_code=1))
    assert pod_security.start_restricted_check(KUBECTL).result() is None


@pytest.mark.parametrize("backend", [KUBERNETES, RAY])
@pytest.mark.parametrize(
    ("said", "restricted"),
    [
        ('Warning: would violate PodSecurity "restricted:latest": a, b\n', True),
        ('Warning: would violate PodSecurity "restricted:v1.31": a\n', True),
        ('Warning: would violate PodSecurity "baseline:latest": a\n', False),
        ("", False),
    ],
)
def test_what_the_server_warns_of_tells_where_the_namespace_does_not(
    kubectl: Program, backend: ExecutionBackend, said: str, restricted: bool
) -> None:
    """As kube-apiserver 1.35.4 warns; it judges Jobs, not RayJobs."""
    kubectl.on("create", "--dry-run=server", Answer("job/x\n", stderr=said))
    documents = backend.render(execution_parameters())
    pod_security.fit(documents, backend.object_kind, None, KUBECTL)
    assert ("runAsNonRoot" in str(documents)) is restricted
    probe = json.loads(kubectl.call("create").stdin)
    assert (probe["kind"], probe["spec"]["template"]["spec"]["restartPolicy"]) == ("Job", "Never")


def restricted(documents: list[Node]) -> list[Node]:
    pod_security.fit(documents, str(documents[0]["kind"]), True, KUBECTL)
    return documents


def test_pods_of_a_job() -> None:
    [job] = restricted(KUBERNETES.render(execution_parameters()))
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"] == POD
    assert [one["securityContext"] for one in pod["containers"]] == [CONTAINER]
    [plain] = KUBERNETES.render(execution_parameters())
    assert "securityContext" not in str(plain)


def test_pods_of_a_ray_cluster() -> None:
    [job] = restricted(RAY.render(execution_parameters()))
    spec = job["spec"]
    cluster = spec["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    templates = [*(one["template"] for one in groups), spec["submitterPodTemplate"]]
    assert [one["spec"]["securityContext"] for one in templates] == [POD] * 3
    for template in templates:
        containers = template["spec"]["containers"] + template["spec"].get("initContainers", [])
        assert [one["securityContext"] for one in containers] == [CONTAINER] * len(containers)


def test_what_the_users_manifest_says_stays(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text(OWN)
    [job] = restricted(KUBERNETES.render(execution_parameters(manifest=path)))
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"] == POD | {"runAsUser": 1000}
    [before] = pod["initContainers"]
    assert before["securityContext"] == CONTAINER | {"allowPrivilegeEscalation": True}
