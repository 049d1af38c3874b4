"""The user's own manifests: what they say stays, what flags ask for is set, mistakes are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.manifests import tree

from .examples import execution_parameters
from .leaves import difference

NAME = "app-0123456-x2k4z"
FILE = Path("own.yml")
OWN = """\
apiVersion: batch/v1
kind: Job
metadata:
  generateName: own-
  labels: {team: a}
spec:
  completions: 4
  parallelism: 2
  activeDeadlineSeconds: 60
  template:
    metadata:
      annotations: {note: "1"}
    spec:
      nodeSelector: {disk: ssd}
      serviceAccountName: ours
      initContainers:
      - name: proxy
        image: proxy:1
        restartPolicy: Always
      containers:
      - name: trainer
        image: placeholder
        command: [placeholder, a, b, c]
        args: [d]
        env:
        - name: A
          value: ours
        - name: MASTER_PORT
          value: "1234"
        resources:
          limits: {nvidia.com/gpu: 8, memory: 1Gi}
        volumeMounts:
        - {name: data, mountPath: /dev/shm}
      volumes:
      - {name: data, emptyDir: {}}
"""
POD = "spec template spec"
TRAINER = f"{POD} containers trainer"


def rendered(own: str, **flags: Any) -> str:
    """The manifest that is made of the user's own."""
    FILE.write_text(own)
    return tree.dump(KUBERNETES.render(execution_parameters(manifest=FILE, **flags)))


def changes(own: str, **flags: Any) -> dict[str, object]:
    """What becomes different in the Job, but for what every run has."""
    text = rendered(own, **flags)
    found = difference(yaml.safe_load(own), next(yaml.safe_load_all(text)))
    usual = re.compile(
        r"metadata name|.*(kubectl-submit|KUBECTL_SUBMIT_|managed-by).*|.* image|.* command [01]|"
        r".* env (NODE_RANK|NNODES|MASTER_ADDR|MASTER_PORT|GPUS_PER_NODE|PYTHONUNBUFFERED) .*|"
        r"spec template metadata annotations (karpenter|cluster-autoscaler).*"
    )
    return {path: value for path, value in found.items() if not usual.fullmatch(path)}


def environment(own: str, **flags: Any) -> dict[str, str]:
    """The plain variables of the container."""
    job = next(yaml.safe_load_all(rendered(own, **flags)))
    [container] = job["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


def test_only_what_must_be_is_set() -> None:
    assert changes(OWN) == {
        "metadata generateName": ...,
        f"{TRAINER} args 0": ...,
        f"{TRAINER} command 2": ...,
        f"{TRAINER} command 3": ...,
        f"{POD} subdomain": NAME,
    }


def test_it_says_how_many_workers_there_are_and_with_what() -> None:
    found = environment(OWN)
    assert (found["NNODES"], found["GPUS_PER_NODE"], found["A"]) == ("4", "8", "ours")
    assert (found["MASTER_ADDR"], found["MASTER_PORT"]) == (f"{NAME}-0", "1234")


@pytest.mark.parametrize(
    ("flags", "change"),
    [
        ({"workers": 2}, {"spec completions": 2, "spec completionMode": "Indexed"}),
        ({"timeout": 5}, {f"{POD} activeDeadlineSeconds": 5}),
        ({"ttl": 0}, {"spec ttlSecondsAfterFinished": 0}),
        ({"env": (("A", "theirs"),)}, {f"{TRAINER} env A value": "theirs"}),
        ({"gpus": 2}, {f"{TRAINER} resources limits nvidia.com/gpu": "2"}),
        (
            {"memory": "2Gi"},
            {
                f"{TRAINER} resources limits memory": "2Gi",
                f"{TRAINER} resources requests memory": "2Gi",
            },
        ),
        (
            {"service_account": "robot"},
            {f"{POD} serviceAccountName": "robot", f"{POD} automountServiceAccountToken": True},
        ),
    ],
)
def test_a_flag_counts(flags: dict[str, Any], change: dict[str, object]) -> None:
    found = changes(OWN, **flags)
    assert change.items() <= found.items()
    assert found.keys() - changes(OWN).keys() - change.keys() == set()


SAYS_SO_ITSELF = """\
kind: Job
spec:
  template:
    metadata:
      annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: "true"}
    spec:
      containers:
      - name: main
        env: [{name: PYTHONUNBUFFERED, value: ""}]
        ports: [{containerPort: 6379}]
        command: [placeholder]
        volumeMounts: [{name: shm, mountPath: /dev/shm/}]
      volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}]
"""


def test_what_the_manifest_says_itself_stays() -> None:
    found = changes(SAYS_SO_ITSELF, workers=2, keep_entrypoint=True)
    said = ("safe-to-evict", "PYTHONUNBUFFERED", "volume")
    assert [path for path in found if any(word in path for word in said)] == []
    template = yaml.safe_load(rendered(SAYS_SO_ITSELF).partition("---")[0])["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "true"
    assert annotations["karpenter.sh/do-not-disrupt"] == "true"
    assert environment(SAYS_SO_ITSELF)["PYTHONUNBUFFERED"] == ""
    assert len(template["spec"]["volumes"]) == 1


def test_ports_of_the_container_lead_to_worker_0() -> None:
    *_, service = yaml.safe_load_all(rendered(SAYS_SO_ITSELF, workers=2))
    assert 6379 in [one["port"] for one in service["spec"]["ports"]]


def test_an_entrypoint_that_is_kept_is_the_images() -> None:
    """A `command` of the manifest would hide it, as it is hidden without the flag."""
    job = next(yaml.safe_load_all(rendered(SAYS_SO_ITSELF, keep_entrypoint=True)))
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert "command" not in container
    assert container["args"] == ["python", "train.py"]


def test_no_gpus_are_none() -> None:
    job = yaml.safe_load(rendered(OWN, gpus=0, workers=1))
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert int(container["resources"]["limits"].get("nvidia.com/gpu", 0)) == 0
    assert environment(OWN, gpus=0)["GPUS_PER_NODE"] == "0"


LAID_OUT = """\
# Above.
kind: Job  # beside
spec:
  # inside
  template:
    spec:
      containers:
      # before the container
      - terminationMessagePolicy: 'File'
        # before the command
        command:
        - python
        # after the command
        image: x  # beside the image
        name: main
# Below.
---
# The other one.
kind: ConfigMap
data: {a: 'b', c: 0400}
"""


def test_comments_order_and_other_documents_stay() -> None:
    text = rendered(LAID_OUT)
    lost = [comment for comment in re.findall(r"#.*", LAID_OUT) if comment not in text]
    assert lost == []
    assert text.endswith("---\n# The other one.\nkind: ConfigMap\ndata: {a: 'b', c: 0400}\n")
    assert re.findall(
        r"^      [- ] (terminationMessagePolicy|image|name): (?!\"kubectl-submit-shm)",
        text,
        re.MULTILINE,
    ) == [
        "terminationMessagePolicy",
        "image",
        "name",
    ]


SHARED = """\
kind: Job
metadata: {}
spec:
  template:
    metadata:
      labels: {app: x}
    spec:
      initContainers:
      - name: prepare
        resources: &small {limits: {memory: 1Gi}}
        env: &env [{name: A, value: ours}]
      containers:
      - name: main
        resources: *small
        env: *env
"""


def test_what_is_shared_by_an_anchor_changes_only_where_it_is_asked_for() -> None:
    pod = yaml.safe_load(rendered(SHARED, memory="2Gi"))["spec"]["template"]["spec"]
    [prepare], [main] = pod["initContainers"], pod["containers"]
    assert {"name": "A", "value": "ours"} in main["env"]
    assert main["resources"]["limits"]["memory"] == "2Gi"
    assert prepare == {
        "name": "prepare",
        "resources": {"limits": {"memory": "1Gi"}},
        "env": [{"name": "A", "value": "ours"}],
    }
