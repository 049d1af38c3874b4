"""Types of GPUs: how they are found, who holds them, and how a run gets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.cli import main
from kubectl_submit.cluster import gpu_inventory
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.model.gpu_match import labels_of_type, matching
from kubectl_submit.model.gpus import GpuNode, gpu_nodes, gpu_types
from tests.errors import raises_code

from .programs import Answer, Program
from .test_pod_volumes import pods

RESOURCE = "nvidia.com/gpu"
GFD, GKE = "nvidia.com/gpu.product", "cloud.google.com/gke-accelerator"
H100, A100 = "NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB"
INSTANCE = "node.kubernetes.io/instance-type"


def node(
    name: str, gpus: int, labels: dict[str, str], *, ready: str = "True", **spec: Any
) -> dict[str, Any]:
    """A node as the API server tells of it."""
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {
            "allocatable": {"cpu": "8"} | ({RESOURCE: str(gpus)} if gpus else {}),
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def container(gpus: int, **more: str) -> dict[str, Any]:
    limits = {RESOURCE: str(gpus)} if gpus else {}
    return {"name": "c", "resources": {"limits": limits}, **more}


def pod(name: str, node: str, *gpus: int, run: str = "", **spec: Any) -> dict[str, Any]:
    """A pod of the namespace team; of a run of ada's, if it is of one."""
    labels = {"kubectl-submit/name": run} if run else {}
    annotations = {"kubectl-submit/created-by": "ada@example.com"} if run else {}
    containers = [container(one) for one in gpus]
    return {
        "metadata": {
            "namespace": "team",
            "name": name,
            "labels": labels,
            "annotations": annotations,
        },
        "spec": {"containers": containers, **({"nodeName": node} if node else {}), **spec},
    }


TAINT = {"key": RESOURCE, "value": "present", "effect": "NoSchedule"}
NODES = [
    node("h1", 8, {GFD: H100, GKE: "nvidia-h100-mega-80gb"}, taints=[TAINT]),
    node("h2", 8, {GFD: H100}, unschedulable=True),
    node("a1", 4, {GFD: A100}),
    node("azure", 2, {INSTANCE: "Standard_NC24ads_V100_v4"}),
    node("bare", 1, {}),
    node("cpu", 0, {INSTANCE: "m5.large"}),
]
PODS = [
    pod("run-0-x", "h1", 2, run="run"),
    pod("run-1-y", "h1", 2, run="run"),
    pod("notebook", "h1", 1, 0),
    pod("cordoned", "h2", 1),
    pod("waits", "", 8),
    pod("no-gpu", "a1", 0),
]
EVERY = gpu_nodes(NODES, PODS, RESOURCE)


def test_types_of_nodes() -> None:
    found = {one.name: (len(one.nodes), one.total, one.free) for one in gpu_types(EVERY)}
    assert found == {
        A100: (1, 4, 4),
        H100: (2, 16, 3),
        "Standard_NC24ads_V100_v4": (1, 2, 2),
        "unknown": (1, 1, 1),
    }


@pytest.mark.parametrize(
    ("before", "gpus"),
    [
        ([], 3),
        ([container(2)], 3),
        ([container(5)], 5),
        ([container(2, restartPolicy="Always")], 5),
        ([container(2, restartPolicy="Always"), container(4)], 5),
    ],
)
def test_what_a_pod_holds(before: list[Any], gpus: int) -> None:
    """As the scheduler counts: init containers come before, sidecars stay."""
    held = pod("p", "a1", 1, 2, initContainers=before)
    [found] = [one for one in gpu_nodes(NODES, [held], RESOURCE) if one.name == "a1"]
    assert found.holders is not None
    assert [holder.gpus for holder in found.holders] == [gpus]


def test_a_node_that_is_not_ready_has_nothing_free() -> None:
    [found] = gpu_nodes([node("n", 8, {GFD: H100}, ready="Unknown")], [], RESOURCE)
    assert (found.total, found.free) == (8, 0)


NAMES = [
    H100,
    A100,
    "NVIDIA-A10",
    "a10g",
    "NVIDIA-L4",
    "NVIDIA-L40",
    "NVIDIA-L40S",
    "nvidia-tesla-t4",
    "nvidia-h100-mega-80gb",
    "Standard_NC24ads_V100_v4",
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("H100", [H100, "nvidia-h100-mega-80gb"]),
        ("h100-80gb", [H100]),
        ("H100 80GB", [H100]),
        ("mega", ["nvidia-h100-mega-80gb"]),
        ("a10", ["NVIDIA-A10"]),
        ("a1", []),
        ("a10g", ["a10g"]),
        ("l4", ["NVIDIA-L4"]),
        ("l40", ["NVIDIA-L40"]),
        ("L40S", ["NVIDIA-L40S"]),
        ("hbm", [H100]),
        ("T4", ["nvidia-tesla-t4"]),
        ("v100", ["Standard_NC24ads_V100_v4"]),
        ("A.*", []),
        ("B200", []),
        (A100, [A100]),
    ],
)
def test_a_part_of_a_name(wanted: str, found: list[str]) -> None:
    assert matching(wanted, NAMES) == found


def test_each_label_of_a_node_can_be_meant() -> None:
    assert labels_of_type(EVERY, "h100") == {GFD: [H100], GKE: ["nvidia-h100-mega-80gb"]}
    assert labels_of_type(EVERY, "mega") == {GKE: ["nvidia-h100-mega-80gb"]}
    assert labels_of_type(EVERY, "v100") == {INSTANCE: ["Standard_NC24ads_V100_v4"]}
    assert labels_of_type(EVERY, "m5") == {}


LABELS = {GFD: ["x", "y"], GKE: ["z"]}
TERMS = [
    {"matchExpressions": [{"key": GFD, "operator": "In", "values": ["x", "y"]}]},
    {"matchExpressions": [{"key": GKE, "operator": "In", "values": ["z"]}]},
]


def terms(pod_spec: Any) -> Any:
    affinity = pod_spec.get("affinity", {}).get("nodeAffinity", {})
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get(
        "nodeSelectorTerms"
    )


def test_a_run_needs_one_of_the_labels() -> None:
    [of_job] = pods("job", gpu_labels=LABELS)
    assert terms(of_job) == TERMS
    assert terms(pods("job")[0]) is None
    head, worker, submitter = pods("rayjob", gpu_labels=LABELS)
    assert (terms(head), terms(worker), terms(submitter)) == (None, TERMS, None)


OWN = """\
kind: Job
spec:
  template:
    spec:
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions: [{key: zone, operator: In, values: [a]}]
            - matchFields: [{key: metadata.name, operator: In, values: [n]}]
      containers: [{name: main}]
"""


def test_what_a_manifest_requires_is_required_as_before(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text(OWN, encoding="utf-8")
    [found] = pods("job", manifest=path, gpu_labels={GFD: ["x"]})
    [wanted] = TERMS[0]["matchExpressions"]
    wanted = {**wanted, "values": ["x"]}
    zone = {"key": "zone", "operator": "In", "values": ["a"]}
    field = {"key": "metadata.name", "operator": "In", "values": ["n"]}
    assert terms(found) == [
        {"matchExpressions": [zone, wanted]},
        {"matchFields": [field], "matchExpressions": [wanted]},
    ]


NO_NODES = (
    'Error from server (Forbidden): nodes is forbidden: User "ada" cannot list resource "nodes" in '
    'API group "" at the cluster scope\n'
)


def answers(kubectl: Program, *, nodes: bool = True, pods: bool = True) -> None:
    """Let the cluster have these nodes and pods, or forbid to list them."""
    kubectl.on("config", "view", Answer("team"))
    forbidden = Answer(stderr=NO_NODES, exit_code=1)
    kubectl.on("--raw", "/nodes", Answer(json.dumps({"items": NODES})) if nodes else forbidden)
    kubectl.on("--raw", "/pods", Answer(json.dumps({"items": PODS})) if pods else forbidden)


def test_a_type_that_there_is(kubectl: Program) -> None:
    answers(kubectl)
    assert gpu_inventory.labels(Kubectl(), "a100", RESOURCE) == {GFD: [A100]}
    assert [call for call in kubectl.all_calls if any("/pods" in one for one in call.argv)] == []


def test_a_type_that_there_is_not(kubectl: Program) -> None:
    answers(kubectl)
    with raises_code(ErrorCode.GPU_TYPE_NOT_FOUND, ClusterError) as refused:
        gpu_inventory.labels(Kubectl(), "B200", RESOURCE)
    assert "--gpu-type B200" in refused.value.message
    assert f"{A100} (4 of 4 free), {H100} (3 of 16 free)" in refused.value.remedy
    assert "--node-selector" in refused.value.remedy


def test_what_is_free_may_not_be_known(kubectl: Program) -> None:
    answers(kubectl, pods=False)
    with raises_code(ErrorCode.GPU_TYPE_NOT_FOUND, ClusterError) as refused:
        gpu_inventory.labels(Kubectl(), "B200", RESOURCE)
    assert f"{A100} (4 GPUs)" in refused.value.remedy


def test_nodes_that_may_not_be_listed(kubectl: Program) -> None:
    answers(kubectl, nodes=False)
    with raises_code(ErrorCode.NOT_ALLOWED, ClusterError) as refused:
        gpu_inventory.labels(Kubectl(), "H100", RESOURCE)
    assert "nodes, which you may not list" in refused.value.message
    assert 'cannot list resource "nodes"' in refused.value.last_words
    assert "--node-selector" in refused.value.remedy


def test_the_table(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    answers(kubectl)
    assert main.run(["gpus"]) == 0
    said = capfd.readouterr()
    rows = [[cell.strip() for cell in line.split("   ") if cell] for line in said.out.splitlines()]
    assert rows[:3] == [
        ["TYPE", "NODES", "GPUS", "FREE", "TAINTS", "HELD BY"],
        [A100, "1", "4", "4", "-", "-"],
        [
            *(H100, "2", "16", "3", f"{RESOURCE}=present:NoSchedule"),
            "ada@example.com: 4 (team/run), team/notebook: 1, team/cordoned: 1",
        ],
    ]
    assert len(rows) == 5


def test_the_table_where_pods_may_not_be_listed(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    answers(kubectl, pods=False)
    assert main.run(["gpus"]) == 0
    said = capfd.readouterr()
    assert [line.split()[3] for line in said.out.splitlines()] == ["FREE", "?", "?", "?", "?"]
    assert "you may not list the pods of all namespaces" in said.err


def test_the_table_where_nodes_may_not_be_listed(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    answers(kubectl, nodes=False)
    assert main.run(["gpus"]) == 1
    said = capfd.readouterr()
    assert (said.out, "which you may not list" in said.err) == ("", True)


def test_no_gpus_at_all(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    answers(kubectl)
    assert main.run(["gpus", "--gpu-resource", "amd.com/gpu"]) == 0
    said = capfd.readouterr()
    assert "H100" in said.out  # its labels say so, whatever it is called


def test_the_document(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    answers(kubectl)
    assert main.run(["gpus", "-o", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["apiVersion"], found["kind"]) == ("kubectl-submit/v1", "GpuTypeList")
    [h100] = [one for one in found["items"] if one["type"] == H100]
    assert (h100["total"], h100["free"]) == (16, 3)
    first, second = h100["nodes"]
    assert first["holders"][0] == {
        "namespace": "team",
        "pod": "run-0-x",
        "run": "run",
        "createdBy": "ada@example.com",
        "gpus": 2,
    }
    assert first["holders"][2]["run"] is first["holders"][2]["createdBy"] is None
    assert (second["usable"], second["free"]) == (False, 0)
    assert first["taints"] == [f"{RESOURCE}=present:NoSchedule"]


def test_a_type_without_a_node_label() -> None:
    found = GpuNode(name="n", types={}, total=1, usable=True, taints=(), holders=())
    assert found.type == "unknown"
    assert labels_of_type([found], "unknown") == {}
