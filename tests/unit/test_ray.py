"""The RayJob that runs a command: what is rendered, and what its status means."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ManifestError, UsageError
from kubectl_submit.execution_backends.ray import ray_job_state
from kubectl_submit.execution_backends.ray.backend import BACKEND as RAY
from kubectl_submit.execution_backends.ray.cluster_pods import cluster_reason
from kubectl_submit.execution_backends.ray.parameters import (
    RayParameters,
    collect_ray_parameters,
)
from kubectl_submit.following.logs.replay_filter import ReplayFilter
from kubectl_submit.manifests import pod_template, tree
from tests.errors import raises_code

from .examples import DIGEST, execution_parameters
from .programs import Answer, Program

IMAGE = f"registry.example/app@{DIGEST}"
OWN = """\
# ours
apiVersion: ray.io/v1
kind: RayJob
metadata: {name: own}
spec:
  runtimeEnvYAML: |
    env_vars: {A: "1"}
  rayClusterSpec:
    headGroupSpec:
      template: {spec: {containers: [{name: head, image: x}, {name: sidecar, image: y}]}}
    workerGroupSpecs:
    - groupName: a   # the first
      maxReplicas: 7
      template: {spec: {containers: [{name: worker, image: x}]}}
  submitterPodTemplate:
    spec:
      nodeSelector: {pool: cpu}
"""


def rendered(**changes: Any) -> Any:
    """The RayJob, as kubectl reads it."""
    documents = RAY.render(execution_parameters(**changes))
    return yaml.safe_load(tree.dump(documents))


def pods(job: Any) -> list[Any]:
    """The pods of head, workers and submitter."""
    cluster = job["spec"]["rayClusterSpec"]
    templates = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [
        *(group["template"]["spec"] for group in templates),
        job["spec"]["submitterPodTemplate"]["spec"],
    ]


def own(tmp_path: Path, text: str = OWN) -> Path:
    """A manifest of the user's own."""
    path = tmp_path / "own.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_pod_has_the_image_and_the_facts() -> None:
    job = rendered(registry_secret="registry")
    assert [pod["containers"][0]["image"] for pod in pods(job)] == [IMAGE] * 3
    for pod in pods(job):
        assert pod["imagePullSecrets"] == [{"name": "registry"}]
    labels = job["spec"]["submitterPodTemplate"]["metadata"]["labels"]
    assert labels["kubectl-submit/name"] == job["metadata"]["name"] == "app-0123456-x2k4z"


def test_the_command_is_one_line_for_a_shell() -> None:
    argv = ("python", "a b", "$HOME", "", "it's")
    job = rendered(argv=argv)
    assert tuple(shlex.split(job["spec"]["entrypoint"])) == argv
    (variable,) = pods(job)[2]["containers"][0]["env"]
    # Kubernetes reads $$ as $.
    request = json.loads(variable["value"].replace("$$", "$"))
    assert request == {"entrypoint": job["spec"]["entrypoint"]}


def test_head_and_workers_have_variables_and_secrets() -> None:
    secret = SecretMount(name="wandb", path="/run/secrets/wandb")
    job = rendered(env=(("A", "$x"),), secret=(secret,), service_account="robot")
    head, worker, submitter = pods(job)
    for pod in (head, worker):
        values = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
        assert values["A"] == "$$x"
        assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == "/run/secrets/wandb"
        assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("robot", True)
    assert "volumes" not in submitter
    assert submitter["automountServiceAccountToken"] is False


def test_sizes() -> None:
    flags: dict[str, Any] = {
        "head_cpu": "2",
        "head_memory": "4Gi",
        "entrypoint_gpus": 1,
        "ray_version": "2.61.0",
    }
    job = rendered(workers=3, gpus=2, cpu="500m", ttl=60, timeout=9, own=RayParameters(**flags))
    spec = job["spec"]
    (group,) = spec["rayClusterSpec"]["workerGroupSpecs"]
    assert [group[key] for key in ("replicas", "minReplicas", "maxReplicas")] == [3, 3, 3]
    assert group["rayStartParams"] == {"num-gpus": "2"}
    head, worker, _ = (pod["containers"][0]["resources"] for pod in pods(job))
    assert worker["limits"] == {"cpu": "500m", "nvidia.com/gpu": "2"}
    assert head == {
        "requests": {"cpu": "2", "memory": "4Gi"},
        "limits": {"cpu": "2", "memory": "4Gi"},
    }
    assert (spec["ttlSecondsAfterFinished"], spec["activeDeadlineSeconds"]) == (60, 9)
    assert spec["rayClusterSpec"]["rayVersion"] == "2.61.0"
    request = pods(job)[2]["containers"][0]["env"][0]["value"]
    assert json.loads(request)["entrypoint_num_gpus"] == 1


@pytest.mark.parametrize(
    ("version", "mode"),
    [("2.60.0", "token"), ("2.52.1", "token"), ("3.0.0", "token"), ("2.51.9", None), ("own", None)],
)
def test_a_token_where_ray_knows_it(version: str, mode: str | None) -> None:
    cluster = rendered(own=RayParameters(ray_version=version))["spec"]["rayClusterSpec"]
    assert cluster.get("authOptions", {}).get("mode") == mode


def test_what_the_manifest_says_of_tokens_stays(tmp_path: Path) -> None:
    new = "rayClusterSpec:\n    rayVersion: 2.60.0\n    authOptions: {mode: disabled}"
    job = rendered(manifest=own(tmp_path, OWN.replace("rayClusterSpec:", new)))
    assert job["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "disabled"}
    assert "authOptions" not in rendered(manifest=own(tmp_path))["spec"]["rayClusterSpec"]


REFUSED = (
    'Error from server (BadRequest): error when creating "STDIN": RayJob in version "v1" cannot be '
    'handled as a RayJob: strict decoding error: unknown field "spec.rayClusterSpec.authOptions"\n'
)


def old_kuberay(kubectl: Program) -> None:
    created = {
        "kind": "RayJob",
        "metadata": {"name": "run", "namespace": "team", "uid": "1-2"},
        "spec": {"submitterPodTemplate": {"spec": {"containers": [{"name": "submitter"}]}}},
    }
    kubectl.on("create", Answer(stderr=REFUSED, exit_code=1), Answer(json.dumps(created)), Answer())


def test_a_kuberay_that_knows_no_token_gets_none(kubectl: Program) -> None:
    old_kuberay(kubectl)
    assert RAY.create(RAY.render(execution_parameters()), Kubectl()).name == "run"
    first, second = (yaml.safe_load(call.stdin) for call in kubectl.calls("create"))
    assert first["spec"]["rayClusterSpec"].pop("authOptions") == {"mode": "token"}
    assert first == second


def test_a_kuberay_that_is_too_old_for_this_ray(kubectl: Program) -> None:
    old_kuberay(kubectl)
    parameters = execution_parameters(own=RayParameters(ray_version="2.61.0"))
    with raises_code(ErrorCode.OPERATOR_TOO_OLD, ClusterError) as refused:
        RAY.create(RAY.render(parameters), Kubectl())
    assert "KubeRay is too old for this Ray" in refused.value.message
    assert len(kubectl.calls("create")) == 1


def test_the_command_writes_each_line_at_once() -> None:
    for pod in pods(rendered())[:2]:
        assert {"name": "PYTHONUNBUFFERED", "value": "1"} in pod["containers"][0]["env"]


def test_autoscalers_let_every_pod_run() -> None:
    job = rendered()
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for template in (*(one["template"] for one in groups), job["spec"]["submitterPodTemplate"]):
        assert template["metadata"]["annotations"].items() >= pod_template.STAY.items()


def test_shared_memory_is_kuberays() -> None:
    """It gives each pod a /dev/shm as large as its memory."""
    assert all("volumes" not in pod for pod in pods(rendered(gpus=1)))


def test_workers_that_come_and_go() -> None:
    job = rendered(workers=4, own=RayParameters(autoscale=True, idle_timeout=5))
    cluster = job["spec"]["rayClusterSpec"]
    (group,) = cluster["workerGroupSpecs"]
    assert [group[key] for key in ("replicas", "minReplicas", "maxReplicas")] == [0, 0, 4]
    assert cluster["enableInTreeAutoscaling"] is True
    assert cluster["autoscalerOptions"]["idleTimeoutSeconds"] == 5
    assert [pod["automountServiceAccountToken"] for pod in pods(job)] == [True, False, False]


def test_a_queue() -> None:
    job = rendered(queue="team-a", priority="high")
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team-a"
    assert [pod["priorityClassName"] for pod in pods(rendered(priority="high"))] == ["high"] * 3


def test_an_own_manifest_keeps_what_no_flag_asks_for(tmp_path: Path) -> None:
    documents = RAY.render(execution_parameters(manifest=own(tmp_path)))
    text = tree.dump(documents)
    assert "# ours" in text
    assert "# the first" in text
    head, worker, submitter = pods(yaml.safe_load(text))
    assert [one["image"] for one in head["containers"]] == [IMAGE, "y"]
    assert worker["containers"][0]["image"] == IMAGE
    assert submitter["nodeSelector"] == {"pool": "cpu"}
    assert "RAY_JOB_SUBMISSION_ID" in submitter["containers"][0]["command"][-1]
    request = json.loads(submitter["containers"][0]["env"][0]["value"])
    assert request["runtime_env"] == {"env_vars": {"A": "1"}}


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        (
            "rayClusterSpec:",
            "clusterSelector:",
            ErrorCode.MANIFEST_WITHOUT_CLUSTER,
            "no rayClusterSpec; each run has a cluster of its own",
        ),
        (
            "spec:\n  run",
            "spec:\n  submissionMode: HTTPMode\n  run",
            ErrorCode.MANIFEST_SUBMISSION_MODE,
            "submissionMode must be K8sJobMode, or left out",
        ),
        (
            'env_vars: {A: "1"}',
            "{",
            ErrorCode.MANIFEST_FIELD_NOT_YAML,
            "spec.runtimeEnvYAML is not valid YAML",
        ),
        (
            "[{name: worker, image: x}]",
            "[]",
            ErrorCode.MANIFEST_WRONG_NUMBER_OF_CONTAINERS,
            "a pod without a container",
        ),
        (
            "maxReplicas: 7",
            "maxReplicas: many",
            ErrorCode.MANIFEST_FIELD_WRONG_TYPE,
            "maxReplicas is not a number",
        ),
        (
            "    workerGroupSpecs:\n    - groupName",
            "    workerGroupSpecs: []\n    x:\n    - g",
            ErrorCode.MANIFEST_WRONG_NUMBER_OF_WORKER_GROUPS,
            "0 worker groups, where --workers needs one",
        ),
    ],
)
def test_mistakes_in_an_own_manifest(
    tmp_path: Path, old: str, new: str, code: ErrorCode, told: str
) -> None:
    assert old in OWN
    path = own(tmp_path, OWN.replace(old, new))
    with raises_code(code, ManifestError) as refused:
        RAY.render(execution_parameters(manifest=path, workers=2))
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("rayproject/ray:2.60.0-py312-gpu", "2.60.0"),
        ("registry:5000/ray-ml:2.9.3@sha256:ab", "2.9.3"),
        ("registry/app:2.9.3", None),
        ("rayproject/ray:nightly", None),
    ],
)
def test_the_version_of_ray_in_an_image(image: str, version: str | None) -> None:
    assert collect_ray_parameters(Options(image=image)).ray_version == version


def test_flags_for_ray_alone() -> None:
    with raises_code(ErrorCode.OPTION_NOT_FOR_EXECUTION, UsageError) as refused:
        collect_ray_parameters(Options(head_cpu="1"))
    assert refused.value.message == "--head-cpu is for --execution ray"
    with raises_code(ErrorCode.IDLE_TIMEOUT_NEEDS_AUTOSCALE, UsageError) as alone:
        collect_ray_parameters(Options(execution="ray", idle_timeout=5))
    assert alone.value.message == "--idle-timeout is for --autoscale"


def test_no_gpus_for_the_command_is_a_wish_too() -> None:
    """A manifest of one's own may ask for some."""
    options = Options(execution="ray", entrypoint_gpus=0)
    assert collect_ray_parameters(options).entrypoint_gpus == 0
    with raises_code(ErrorCode.OPTION_NOT_FOR_EXECUTION, UsageError) as refused:
        collect_ray_parameters(Options(entrypoint_gpus=0))
    assert refused.value.message.startswith("--entrypoint-gpus ")
    assert collect_ray_parameters(Options()).autoscale is False


def ray_job(*, cancelled: bool = False, suspend: bool = False, **status: str) -> Any:
    """A RayJob with a status."""
    annotations = {"kubectl-submit/cancelled-by": "ada"} if cancelled else {}
    fields = {"deployment": "jobDeploymentStatus", "job": "jobStatus"}
    return {
        "metadata": {"annotations": annotations},
        "spec": {"suspend": suspend},
        "status": {fields.get(key, key): value for key, value in status.items()},
    }


EXITED = "Job entrypoint command failed with exit code {}, last available logs:\nexit code 3"


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (ray_job(), None),
        (ray_job(deployment="Initializing"), None),
        (ray_job(deployment="Running", job="FAILED", message=EXITED.format(9)), None),
        (ray_job(deployment="Running", job="SUCCEEDED"), None),
        (ray_job(deployment="Complete", job="SUCCEEDED"), 0),
        (ray_job(deployment="Complete", job="STOPPED"), 125),
        (ray_job(deployment="Failed", job="FAILED", message=EXITED.format(9)), 9),
        (ray_job(deployment="Failed", job="FAILED", message=EXITED.format(-9)), 137),
        (
            ray_job(deployment="Failed", job="FAILED", message="the head failed with exit code 3"),
            125,
        ),
        (ray_job(deployment="Failed", job="RUNNING", reason="DeadlineExceeded"), 124),
        (ray_job(deployment="Failed", reason="DeadlineExceeded", cancelled=True), 130),
        (ray_job(deployment="Failed", job="FAILED", message=EXITED.format(9), cancelled=True), 9),
        (ray_job(deployment="Complete", job="SUCCEEDED", cancelled=True), 0),
        (ray_job(deployment="ValidationFailed", reason="ValidationFailed"), 125),
        (ray_job(deployment="Suspended"), None),
        (ray_job(deployment="Suspended", cancelled=True), 130),
        (ray_job(suspend=True, cancelled=True), 130),
        (ray_job(deployment="Retrying", job="FAILED", message=EXITED.format(9)), None),
    ],
)
def test_the_outcome_is_that_of_the_status(job: Any, code: int | None) -> None:
    told = ray_job_state.outcome(job)
    assert (told and told.exit_code) == code


def pod(role: str, name: str, *, ready: bool = False, waiting: str = "") -> Any:
    """A pod of a Ray cluster."""
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "metadata": {"name": name, "labels": {"ray.io/node-type": role}},
        "spec": {"containers": [{"name": "ray"}]},
        "status": {
            "containerStatuses": [{"name": "ray", "state": state}],
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def test_what_a_cluster_waits_for() -> None:
    head, ready = pod("head", "h"), pod("head", "h", ready=True)
    worker = pod("worker", "w", waiting="ContainerCreating")
    other = pod("worker", "v", ready=True)
    assert cluster_reason([worker, head], {}) == "head: Ray is starting"
    assert cluster_reason([worker, ready, other], {"w": "FailedMount: no"}) == (
        "1 of 2 workers: FailedMount: no"
    )
    assert cluster_reason([ready, other], {}) == "the Ray cluster is getting ready"


def test_lines_that_are_told_again_are_not_new() -> None:
    restarts_from_beginning = ReplayFilter()
    assert restarts_from_beginning.new("a", b"one\n") == b"one\n"
    assert restarts_from_beginning.new("a", b"two\nth") == b"two\nth"
    assert restarts_from_beginning.new("b", b"one\ntw") == b""
    assert restarts_from_beginning.new("b", b"o\nthree\n") == b"ree\n"
    assert restarts_from_beginning.new("c", b"one\ntwo\nthree\nfour") == b"four"


def test_a_command_that_no_variable_can_hold() -> None:
    RAY.render(execution_parameters(argv=("echo", *["x" * 100] * 1_000)))
    with raises_code(ErrorCode.COMMAND_TOO_LONG, ManifestError) as refused:
        RAY.render(execution_parameters(argv=("echo", *["x" * 100] * 2_000)))
    assert "the command is too long for Ray: its request has 20" in refused.value.message
