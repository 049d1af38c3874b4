"""What both kinds of pods share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml.comments import CommentedMap

from kubectl_submit.manifests import pod_template

from .kubernetes_model import expanded

TEXTS = st.text("ab$(){} ") | st.text()


@given(TEXTS)
@example("$$(A) $(A) $A $( $")
def test_a_literal_arrives_as_it_is(text: str) -> None:
    assert expanded(pod_template.literal(text), {"A": "expanded", "a": "b", "": "c"}) == text


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("$(A)", "1"),
        ("$(B)", "$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$", "$"),
        ("$(", "$("),
    ],
)
def test_the_model_is_that_of_kubernetes(text: str, arrives: str) -> None:
    assert expanded(text, {"A": "1"}) == arrives


def test_an_object_is_named_and_told_of() -> None:
    obj = CommentedMap(metadata=CommentedMap(generateName="x-", labels=CommentedMap(mine="1")))
    pod_template.identify(obj, "run", {"created-by": "ada@example.com"}, command=["a", "b"])
    assert obj == {
        "metadata": {
            "name": "run",
            "labels": {
                "mine": "1",
                "app.kubernetes.io/managed-by": "kubectl-submit",
                "kubectl-submit/created-by": "ada-example.com",
            },
            "annotations": {
                "kubectl-submit/created-by": "ada@example.com",
                "kubectl-submit/command": '["a", "b"]',
            },
        }
    }


def mounted(*secrets: tuple[str, str]) -> dict[str, str]:
    """Which Secret a pod finds at which path."""
    pod, container = CommentedMap(), CommentedMap()
    for name, path in secrets:
        pod_template.mount_secret(pod, container, name, path)
    volumes: dict[str, Any] = {volume["name"]: volume["secret"] for volume in pod["volumes"]}
    assert len(volumes) == len(pod["volumes"])
    assert all(len(name) <= 63 and name.replace("-", "").isalnum() for name in volumes)
    mounts = container["volumeMounts"]
    assert all(mount["readOnly"] for mount in mounts)
    return {mount["mountPath"]: volumes[mount["name"]]["secretName"] for mount in mounts}


@pytest.mark.parametrize(
    "secrets",
    [
        [("s3", "/run/secrets/s3")],
        [("s3", "/a"), ("s3", "/b")],
        [("a.b", "/a"), ("a-b", "/b")],
        [("x" * 70 + "1", "/a"), ("x" * 70 + "2", "/b")],
        [("x" * 253, "/a")],
    ],
)
def test_each_secret_is_found_at_its_path(secrets: list[tuple[str, str]]) -> None:
    assert mounted(*secrets) == {path: name for name, path in secrets}


def test_keys_of_a_secret_can_have_other_names() -> None:
    pod, container = CommentedMap(), CommentedMap()
    items = {".dockerconfigjson": "config.json"}
    pod_template.mount_secret(pod, container, "registry", "/run/registry", items=items)
    pod_template.mount_secret(pod, container, "registry", "/run/whole")
    [renamed, whole] = pod["volumes"]
    assert renamed["secret"]["items"] == [{"key": ".dockerconfigjson", "path": "config.json"}]
    assert "items" not in whole["secret"]
    assert [mount["name"] for mount in container["volumeMounts"]] == [
        renamed["name"],
        whole["name"],
    ]
