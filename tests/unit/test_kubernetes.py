"""The Job that runs the command, as it is rendered: with what the flags ask for, and no more."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from kubectl_submit.manifests import files, pod_template, tree
from kubectl_submit.model import provenance
from kubectl_submit.model.image import Image
from kubectl_submit.parameters.run_name import run_name

from .examples import DIGEST, SOURCE, execution_parameters
from .kubernetes_model import expanded
from .leaves import difference, leaves

NAME = "app-0123456-x2k4z"
IMAGE = f"registry.example/app@{DIGEST}"
POD = "spec template spec"
MAIN = f"{POD} containers main"
FACTS = SOURCE.facts(NAME)
NOTES = provenance.as_annotations(FACTS, image=IMAGE, command=["python", "train.py"])
# What every run has set, whatever the flags.
ALWAYS: dict[str, object] = {
    **leaves(provenance.as_labels(FACTS), "metadata labels"),
    **leaves(provenance.as_labels(FACTS), "spec template metadata labels"),
    **leaves(NOTES, "metadata annotations"),
    **leaves(NOTES, "spec template metadata annotations"),
    "metadata annotations kubectl-submit/container": "main",
    "metadata name": NAME,
    f"{MAIN} image": IMAGE,
    f"{MAIN} command 0": "python",
    f"{MAIN} command 1": "train.py",
    **{f"{MAIN} env {key} value": value for key, value in SOURCE.environment(NAME).items()},
    f"{MAIN} env NODE_RANK valueFrom fieldRef fieldPath": (
        "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    ),
    f"{MAIN} env NNODES value": "1",
    f"{MAIN} env MASTER_ADDR value": "localhost",
    f"{MAIN} env MASTER_PORT value": "29500",
    f"{MAIN} env GPUS_PER_NODE value": "0",
    f"{MAIN} env PYTHONUNBUFFERED value": "1",
    f"{MAIN} volumeMounts kubectl-submit-shm mountPath": "/dev/shm",
    f"{POD} volumes kubectl-submit-shm emptyDir medium": "Memory",
    **leaves(pod_template.STAY, "spec template metadata annotations"),
}


def rendered(**changes: Any) -> list[Any]:
    """The documents, as kubectl reads them."""
    return list(yaml.safe_load_all(tree.dump(KUBERNETES.render(execution_parameters(**changes)))))


def container(**changes: Any) -> Any:
    """The container that runs the command."""
    return rendered(**changes)[0]["spec"]["template"]["spec"]["containers"][0]


def asked_for(**flags: Any) -> dict[str, object]:
    """What flags change in our own Job, beside what always changes."""
    found = difference(default(), rendered(**flags)[0])
    return {path: value for path, value in found.items() if ALWAYS.get(path) != value}


def default() -> Any:
    return yaml.safe_load(files.read(None, "job.yml")[0])


def test_what_is_always_set() -> None:
    assert difference(default(), rendered()[0]) == ALWAYS


@pytest.mark.parametrize(
    ("flags", "changes"),
    [
        ({"ttl": 0}, {"spec ttlSecondsAfterFinished": 0}),
        ({"timeout": 90}, {f"{POD} activeDeadlineSeconds": 90}),
        ({"workers": 1}, {}),
        (
            {"label": (("team", "vision"), ("example.com/cost", "4711"))},
            {
                f"{place} labels {key}": value
                for place in ("metadata", "spec template metadata")
                for key, value in (("team", "vision"), ("example.com/cost", "4711"))
            },
        ),
        (
            {"workers": 3},
            {
                "spec completions": 3,
                "spec parallelism": 3,
                f"{POD} subdomain": NAME,
                f"{MAIN} env NNODES value": "3",
                f"{MAIN} env MASTER_ADDR value": f"{NAME}-0",
            },
        ),
        (
            {"cpu": "500m", "memory": "2Gi"},
            {
                f"{MAIN} resources {kind} {what}": amount
                for kind in ("requests", "limits")
                for what, amount in (("cpu", "500m"), ("memory", "2Gi"))
            },
        ),
        ({"gpus": 0}, {}),
        (
            {"gpus": 2},
            {
                f"{MAIN} resources limits nvidia.com/gpu": "2",
                f"{MAIN} env GPUS_PER_NODE value": "2",
            },
        ),
        (
            {"gpus": 1, "gpu_resource": "amd.com/gpu"},
            {
                f"{MAIN} resources limits amd.com/gpu": "1",
                f"{MAIN} env GPUS_PER_NODE value": "1",
            },
        ),
        (
            {"env": (("A", "yes"), ("NNODES", "7"))},
            {f"{MAIN} env A value": "yes", f"{MAIN} env NNODES value": "7"},
        ),
        (
            {"env": (("PYTHONUNBUFFERED", ""),)},
            {f"{MAIN} env PYTHONUNBUFFERED value": ""},
        ),
        (
            {"service_account": "robot"},
            {f"{POD} serviceAccountName": "robot", f"{POD} automountServiceAccountToken": True},
        ),
        (
            {"node_selector": (("pool", "gpu"), ("example.com/zone", "a"))},
            {f"{POD} nodeSelector pool": "gpu", f"{POD} nodeSelector example.com/zone": "a"},
        ),
        (
            {"limits": (("rdma/ib", "1"), ("memory", "2Gi")), "memory": "1Gi"},
            {
                f"{MAIN} resources requests memory": "1Gi",
                f"{MAIN} resources limits memory": "2Gi",
                f"{MAIN} resources limits rdma/ib": "1",
            },
        ),
        ({"workdir": "/src"}, {f"{MAIN} workingDir": "/src"}),
        ({"image": Image(name="app", tag="1", digest="")}, {f"{MAIN} image": "app:1"}),
    ],
)
def test_a_flag_changes_what_it_asks_for(flags: dict[str, Any], changes: dict[str, object]) -> None:
    found = asked_for(**flags)
    assert {path: value for path, value in found.items() if "annotations" not in path} == changes


def test_annotations_of_ones_own() -> None:
    """On the Job and its pods; where an autoscaler reads one, it is as the user says."""
    eviction = "cluster-autoscaler.kubernetes.io/safe-to-evict"
    found = asked_for(annotation=(("example.com/cost", "4 711"), (eviction, "true")))
    assert found == {
        f"{place} annotations {key}": value
        for place in ("metadata", "spec template metadata")
        for key, value in (("example.com/cost", "4 711"), (eviction, "true"))
    }


def test_secrets_are_mounted_read_only_for_any_user() -> None:
    [job] = rendered(secret=(SecretMount(name="s3", path="/keys"),))
    pod = job["spec"]["template"]["spec"]
    [_, volume] = pod["volumes"]
    assert volume["secret"] == {"secretName": "s3", "defaultMode": 0o444}
    assert pod["containers"][0]["volumeMounts"][1:] == [
        {"name": volume["name"], "mountPath": "/keys", "readOnly": True}
    ]


def test_the_registry_secret_pulls() -> None:
    [job] = rendered(registry_secret="pull")
    assert job["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "pull"}]


def test_the_image_keeps_its_entrypoint() -> None:
    found = container(argv=("train", "$HOME"), keep_entrypoint=True)
    assert found["args"] == ["train", "$$HOME"]
    assert "command" not in found


def test_host_names_of_workers_are_short_enough() -> None:
    """Kubernetes names worker N of a Job NAME-N, which must be a DNS label."""
    longest = run_name(None, "a" * 99, KUBERNETES.name_limit)
    assert len(longest) == KUBERNETES.name_limit
    assert len(f"{longest}-999999999") <= 63


TEXTS = st.text(st.sampled_from("a$(){}A\n\"' ")) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
)


@settings(max_examples=15)  # to render takes long
@given(argv=st.lists(TEXTS, min_size=1, max_size=4), value=TEXTS)
def test_arguments_and_variables_arrive_as_they_are(argv: list[str], value: str) -> None:
    found = container(argv=tuple(argv), env=(("A", value),))
    known = {"A": "expanded", "a": "expanded", "": "expanded"}
    assert [expanded(text, known) for text in found["command"]] == argv
    [variable] = [variable for variable in found["env"] if variable["name"] == "A"]
    assert expanded(variable["value"], known) == value


@pytest.mark.parametrize("value", ["yes", "off", "12:30:45", "0777", "1e3", "null", "", " x "])
def test_what_looks_like_something_else_is_a_text(value: str) -> None:
    found = container(argv=(value,), env=((value or "N", value),))
    assert found["command"] == [value]
    assert {"name": value or "N", "value": value} in found["env"]


def test_the_manifest_can_be_read_by_people_still() -> None:
    text = tree.dump(KUBERNETES.render(execution_parameters(workers=2, gpus=1)))
    default, _ = files.read(None, "job.yml")
    comments = re.findall(r"#.*", default)
    assert re.findall(r"#.*", text) == comments
