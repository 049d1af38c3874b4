"""Nodes and their resources: labels, taints, limits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from scripts import leftovers
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import eventually, local

MakeNode = Callable[..., str]


@pytest.fixture
def make_node(namespace: Namespace) -> Iterator[MakeNode]:
    """Makes nodes without a machine, for the scheduler alone; each has a taint of its own.

    So no pod of another test gets there.
    """
    names: list[str] = []

    def make(labels: Mapping[str, str] = {}, resources: Mapping[str, str] = {}) -> str:
        name = f"test-{uuid.uuid4().hex[:8]}"
        taint = {"key": "test", "value": name, "effect": "NoSchedule"}
        names.append(name)
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {**labels, "test": name}},
            "spec": {"taints": [taint]},
        }
        namespace.create(json.dumps(leftovers.with_own_label(node)))
        amounts = {"cpu": "4", "memory": "8Gi", "pods": "10", **resources}
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Test",
            "message": "it has no machine",
        }
        status = {"capacity": amounts, "allocatable": amounts, "conditions": [ready]}
        patch = (
            "--subresource=status",
            "--type=merge",
            f"--patch={json.dumps({'status': status})}",
        )
        namespace.kubectl("patch", "node", name, *patch)
        # What is not ready has further taints at first.
        eventually(lambda: taints(namespace, name) == ["test"], "the node is ready")
        return name

    yield make
    if names:
        namespace.kubectl("delete", "jobs", "--all", "--wait=false")
        namespace.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        namespace.kubectl("delete", "nodes", *names, "--wait=false")


def taints(namespace: Namespace, node: str) -> list[str]:
    """The keys of a node's taints."""
    found = json.loads(namespace.kubectl("get", "node", node, "--output=json"))
    return [one["key"] for one in found["spec"].get("taints", [])]


def placed(namespace: Namespace) -> str:
    """The node of the one pod; empty while it has none."""
    return str(namespace.pod()["spec"].get("nodeName", "")) if namespace.names("pods") else ""


def test_a_label_of_nodes(namespace: Namespace, submit: Submit, busybox: str) -> None:
    local("LOCAL_PULL_REGISTRY")
    there = (
        "--node-selector=kubernetes.io/hostname=node1",
        "--node-selector=kubernetes.io/os=linux",
    )
    image = (f"--image={busybox}", "--pending-timeout=5s")

    well = submit(*there, *image, "--", "echo", "here")
    [pod] = namespace.get("pods")
    nowhere = submit(*there, "--node-selector=pool=nowhere", *image, "--", "true")

    assert (well.exit_code, well.stdout) == (0, "here\n"), well.stderr
    selector = {"kubernetes.io/hostname": "node1", "kubernetes.io/os": "linux"}
    assert (pod["spec"]["nodeSelector"], pod["spec"]["nodeName"]) == (selector, "node1")
    assert nowhere.exit_code == 124
    assert "didn't match Pod's node affinity/selector" in nowhere.stderr


@pytest.mark.parametrize("toleration", ["test", "test={}", "test:NoSchedule", "test={}:NoSchedule"])
def test_a_node_with_a_taint(
    namespace: Namespace, submit: Submit, busybox: str, make_node: MakeNode, toleration: str
) -> None:
    """As kubectl spells it."""
    node = make_node()
    flags = (f"--node-selector=test={node}", f"--toleration={toleration.format(node)}")

    result = submit(*flags, "--detach", f"--image={busybox}", "--", "true")

    assert result.exit_code == 0, result.stderr
    eventually(lambda: placed(namespace) == node, "the scheduler has chosen the node")


@pytest.mark.parametrize(
    "flags", [(), ("--toleration=test=other",), ("--toleration=test:NoExecute",)]
)
def test_a_taint_that_is_not_tolerated(
    submit: Submit, busybox: str, make_node: MakeNode, flags: tuple[str, ...]
) -> None:
    node = make_node()
    image = (f"--image={busybox}", "--pending-timeout=5s")

    result = submit(f"--node-selector=test={node}", *flags, *image, "--", "true")

    assert result.exit_code == 124
    assert "untolerated taint" in result.stderr


def test_limits(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """Memory alone has another request; a resource of the node's own is reserved."""
    local("LOCAL_PULL_REGISTRY")
    resource = f"example.com/{namespace.name}"
    path = f"/status/capacity/{resource.replace('/', '~1')}"
    offer(namespace, {"op": "add", "path": path, "value": "2"})
    # In whichever place this kernel's control groups have it.
    show = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null"
    flags = ("--memory=32Mi", f"--limits=memory=64Mi,{resource}=1", f"--image={busybox}")
    try:
        well = submit(*flags, "--", "sh", "-c", f"{show}; true")
        [pod] = namespace.get("pods")
        full = submit(*flags, f"--limits={resource}=3", "--pending-timeout=5s", "--", "true")
    finally:
        offer(namespace, {"op": "remove", "path": path})

    assert (well.exit_code, well.stdout) == (0, f"{64 << 20}\n"), well.stderr
    resources = pod["spec"]["containers"][0]["resources"]
    assert resources["limits"] == {"memory": "64Mi", resource: "1"}
    assert resources["requests"] == {"memory": "32Mi", resource: "1"}
    assert full.exit_code == 124
    assert f"Insufficient {resource}" in full.stderr


def offer(namespace: Namespace, change: dict[str, Any]) -> None:
    """Change what node1 has."""
    patch = ("--subresource=status", "--type=json", f"--patch={json.dumps([change])}")
    namespace.kubectl("patch", "node", "node1", *patch)


def test_values_that_are_wrong(submit: Submit, busybox: str) -> None:
    for flag, value in [
        ("--node-selector", "pool"),
        ("--toleration", "gpu:noschedule"),
        ("--limits", "rdma/ib"),
    ]:
        result = submit(f"{flag}={value}", f"--image={busybox}", "--", "true")
        assert (result.exit_code, result.stdout) == (125, "")
        assert flag in result.stderr
        assert value.rpartition(":")[2] in result.stderr
        assert "write " in result.stderr
