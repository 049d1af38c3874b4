"""Nodes and their resources: labels, taints, limits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import leftovers
from tests.cluster.conftest import Namespace, Submit, own_job
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
        ("--topology", "rack"),
        ("--gpu-type", "-"),
    ]:
        result = submit(f"{flag}={value}", f"--image={busybox}", "--", "true")
        assert (result.exit_code, result.stdout) == (125, "")
        assert flag in result.stderr
        assert value.rpartition(":")[2] in result.stderr
        assert "write " in result.stderr


H100 = "NVIDIA-H100-80GB-HBM3"
ONLY_JOBS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: submit}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create, get, list, watch, patch, delete]}
- {apiGroups: [""], resources: [pods, pods/log, events], verbs: [get, list, watch]}
"""


@pytest.fixture
def h100(namespace: Namespace) -> Iterator[str]:
    """The label of a type for the machine's own node; one test alone may use it."""
    local("LOCAL_PULL_REGISTRY")
    label = "nvidia.com/gpu.product"
    namespace.kubectl("label", "node", "node1", "--overwrite", f"{label}={H100}")
    yield label
    namespace.kubectl("label", "node", "node1", f"{label}-")


def test_gpus_of_a_type(namespace: Namespace, submit: Submit, busybox: str, h100: str) -> None:
    flags = ("--gpus=1", f"--image={busybox}")

    well = submit("--gpu-type=h100", *flags, "--", "sh", "-c", "echo $GPUS_PER_NODE")
    [pod] = namespace.get("pods")
    shown = submit("--gpu-type=h100", *flags, "--dry-run=client", "--", "true")
    unknown = submit("--gpu-type=A100", *flags, "--verbose", "--", "true")
    doctor = submit("doctor", "--gpu-type=A100", *flags)

    assert (well.exit_code, well.stdout) == (0, "1\n"), well.stderr
    required = pod["spec"]["affinity"]["nodeAffinity"]
    [term] = required["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": h100, "operator": "In", "values": [H100]}]
    assert H100 in shown.stdout
    assert (unknown.exit_code, unknown.stdout) == (125, "")
    assert "--gpu-type A100: no node has GPUs of this type" in unknown.stderr
    assert f"{H100} (" in unknown.stderr
    assert "code: gpu-type-not-found" in unknown.stderr
    assert doctor.exit_code == 1
    assert "no node has GPUs of this type" in doctor.stdout
    assert len(namespace.get("jobs")) == 1


def test_who_holds_gpus(
    namespace: Namespace, submit: Submit, busybox: str, make_node: MakeNode
) -> None:
    kind = f"NVIDIA-{namespace.name}"
    node = make_node({"nvidia.com/gpu.product": kind}, {"nvidia.com/gpu": "8"})
    there = ("--toleration=test", f"--image={busybox}", "--detach")
    wanted = f"--gpu-type={namespace.name}"

    def found() -> dict[str, Any]:
        document = json.loads(submit("gpus", "--output=json").stdout)
        [one] = [one for one in document["items"] if one["type"] == kind]
        return dict(one)

    assert (found()["total"], found()["free"]) == (8, 8)
    started = submit(wanted, "--gpus=3", "--workers=2", *there, "-o", "name", "--", "sleep", "9")
    eventually(lambda: found()["free"] == 2, "two workers hold six")

    [machine] = found()["nodes"]
    assert (machine["name"], machine["taints"]) == (node, [f"test={node}:NoSchedule"])
    name = started.stdout.strip().removeprefix("job/")
    held = {(one["namespace"], one["run"], one["gpus"]) for one in machine["holders"]}
    assert held == {(namespace.name, name, 3)}
    by = machine["holders"][0]["createdBy"]
    [row] = [line for line in submit("gpus").stdout.splitlines() if line.startswith(f"{kind} ")]
    assert row.split()[:5] == [kind, "1", "8", "2", f"test={node}:NoSchedule"]
    assert row.endswith(f"{by}: 6 ({namespace.name}/{name})")
    refused = submit("--gpu-type=none-such", *there, "--", "true")
    assert f"{kind} (2 of 8 free)" in refused.stderr


def test_somebody_who_may_not_list_nodes(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    namespace.create(ONLY_JOBS)
    namespace.kubectl("create", "rolebinding", "submit", "--role=submit", "--user=ada")
    who = ("--as=ada", "--verbose")

    run = submit(*who, "--gpu-type=H100", f"--image={busybox}", "--", "true")
    table = submit("gpus", *who)
    without = submit(*who, f"--image={busybox}", "--", "echo", "well")

    assert (run.exit_code, table.exit_code) == (125, 1)
    for result in (run, table):
        assert result.stdout == ""
        assert "nodes, which you may not list" in result.stderr
        assert 'cannot list resource "nodes"' in result.stderr
        assert "--node-selector KEY=VALUE" in result.stderr
        assert "code: not-allowed" in result.stderr
    assert (without.exit_code, without.stdout) == (0, "well\n"), without.stderr


def test_workers_close_to_each_other(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """Kueue reads it from the pods of a Job in a queue; here the manifest names the queue."""
    path = own_job(tmp_path)
    job = yaml.safe_load(path.read_text(encoding="utf-8"))
    job["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "team"}
    path.write_text(yaml.safe_dump(job), encoding="utf-8")
    flags = ("--topology=required=cloud.provider.com/topology-rack", f"--image={busybox}")

    alone = submit(*flags, "--verbose", "--", "true")
    well = submit(*flags, f"--manifest={path}", "--", "true")

    assert (alone.exit_code, alone.stdout) == (125, "")
    assert "--topology required=cloud.provider.com/topology-rack is for a queue" in alone.stderr
    assert "code: topology-needs-queue" in alone.stderr
    assert well.exit_code == 0, well.stderr
    annotations = namespace.pod()["metadata"]["annotations"]
    topology = annotations["kueue.x-k8s.io/podset-required-topology"]
    assert topology == "cloud.provider.com/topology-rack"
