"""On which nodes the pods of a run may be, beside what a manifest says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.pod_values import Toleration
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.manifests import tree
from kubectl_submit.model.image import Image
from kubectl_submit.parameters.execution_parameters import collect_execution_parameters
from tests.errors import raises_code

from .examples import execution_parameters
from .test_pod_volumes import pods

ASKED: dict[str, Any] = {
    "node_selector": (("pool", "gpu"),),
    "toleration": (
        Toleration("nvidia.com/gpu", None, ""),
        Toleration("dedicated", "ml", "NoSchedule"),
        Toleration("empty", "", ""),
    ),
}
TOLERATIONS = [
    {"key": "nvidia.com/gpu", "operator": "Exists"},
    {"key": "dedicated", "operator": "Equal", "value": "ml", "effect": "NoSchedule"},
    {"key": "empty", "operator": "Equal", "value": ""},
]
OWN = """\
kind: Job
spec:
  template:
    spec:
      nodeSelector: {pool: cpu, disk: ssd}
      tolerations:
      - {key: dedicated, operator: Equal, value: ml, effect: NoSchedule}
      - {key: own, operator: Exists}
      containers:
      - name: main
        resources:
          requests: {rdma/ib: 2, memory: 1Gi}
          limits: {rdma/ib: 2, memory: 1Gi}
"""


@pytest.mark.parametrize("kind", ["job", "rayjob"])
def test_every_pod_is_placed(kind: str) -> None:
    """The submitter of Ray, too: the image of all is for the same nodes."""
    for pod in pods(kind, **ASKED):
        assert pod["nodeSelector"] == {"pool": "gpu"}
        assert pod["tolerations"] == TOLERATIONS


def own(tmp_path: Path, text: str = OWN, **options: Any) -> Any:
    """The pod of a manifest of the user's own."""
    path = tmp_path / "own.yml"
    path.write_text(text, encoding="utf-8")
    [pod] = pods("job", manifest=path, **options)
    return pod


def test_what_a_manifest_says_stays(tmp_path: Path) -> None:
    pod = own(tmp_path)
    assert pod["nodeSelector"] == {"pool": "cpu", "disk": "ssd"}
    assert len(pod["tolerations"]) == 2
    pod = own(tmp_path, **ASKED)
    assert pod["nodeSelector"] == {"pool": "gpu", "disk": "ssd"}
    first, second, *others = pod["tolerations"]
    assert [first, second["key"]] == [TOLERATIONS[1], "own"]
    assert others == [TOLERATIONS[0], TOLERATIONS[2]]


def test_limits(tmp_path: Path) -> None:
    """A request of what nobody shares is its limit; less memory than the limit can be requested."""
    pod = own(tmp_path, limits=(("rdma/ib", "4"), ("memory", "3Gi")))
    resources = pod["containers"][0]["resources"]
    assert resources["limits"] == {"rdma/ib": "4", "memory": "3Gi"}
    assert resources["requests"] == {"rdma/ib": "4", "memory": "1Gi"}


def test_limits_are_those_of_workers_on_ray() -> None:
    head, worker, submitter = pods("rayjob", limits=(("rdma/ib", "1"),))
    assert worker["containers"][0]["resources"]["limits"] == {"rdma/ib": "1"}
    for pod in (head, submitter):
        assert "rdma/ib" not in pod["containers"][0]["resources"].get("limits", {})


def test_limits_can_be_given_as_kubectl_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECTL_SUBMIT_LIMITS", "rdma/ib=9,a=3")
    typed = ["--limits", "rdma/ib=1,hugepages-2Mi=1Gi", "--limits=cpu=2", "--", "true"]
    options = command_line.parse(command_line.read(typed)).options
    assert options.limits == (
        ("a", "3"),
        ("rdma/ib", "1"),
        ("hugepages-2Mi", "1Gi"),
        ("cpu", "2"),
    )


def test_gpus_are_asked_for_once() -> None:
    options = Options(gpus=1, limits=(("nvidia.com/gpu", "2"),))
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        collect_execution_parameters(options, ("true",), None, Image(name="app", digest=""), 52)
    assert refused.value.message == "--gpus and --limits both give nvidia.com/gpu"


RACK = "cloud.provider.com/topology-rack"


def templates(kind: str, **options: Any) -> list[Any]:
    """The pod templates of a run: of a RayJob head, worker and submitter."""
    documents = by_kind(kind).render(execution_parameters(**options))
    spec = yaml.safe_load(tree.dump(documents[:1]))["spec"]
    if kind == "job":
        return [spec["template"]]
    cluster = spec["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [*(group["template"] for group in groups), spec["submitterPodTemplate"]]


def topologies(kind: str, **options: Any) -> list[dict[str, str]]:
    """What is said to Kueue of the places of pods."""
    return [
        {key: value for key, value in annotations.items() if "topology" in key}
        for annotations in (one["metadata"]["annotations"] for one in templates(kind, **options))
    ]


@pytest.mark.parametrize("mode", ["required", "preferred"])
def test_workers_are_close_to_each_other(mode: str) -> None:
    asked = {"topology": (mode, RACK), "queue": "team"}
    wanted = {f"kueue.x-k8s.io/podset-{mode}-topology": RACK}
    assert topologies("job", **asked) == [wanted]
    assert topologies("rayjob", **asked) == [{}, wanted, {}]


IN_A_QUEUE = """\
kind: Job
metadata: {labels: {kueue.x-k8s.io/queue-name: team}}
spec:
  template:
    metadata: {annotations: {kueue.x-k8s.io/podset-required-topology: zone}}
    spec: {containers: [{name: main}]}
"""


def test_a_manifest_can_name_the_queue_and_the_topology(tmp_path: Path) -> None:
    path = tmp_path / "own.yml"
    path.write_text(IN_A_QUEUE, encoding="utf-8")
    asked = {"topology": ("preferred", RACK), "manifest": path}
    assert topologies("job", manifest=path) == [{"kueue.x-k8s.io/podset-required-topology": "zone"}]
    assert topologies("job", **asked) == [{"kueue.x-k8s.io/podset-preferred-topology": RACK}]


@pytest.mark.parametrize("kind", ["job", "rayjob"])
def test_a_topology_needs_a_queue(kind: str) -> None:
    with raises_code(ErrorCode.TOPOLOGY_NEEDS_QUEUE, UsageError) as refused:
        templates(kind, topology=("required", RACK))
    assert f"--topology required={RACK}" in refused.value.message
    assert "--queue" in refused.value.remedy
