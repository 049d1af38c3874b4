"""Mistakes in the user's own manifests are told with the file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubectl_submit.build_backends import remote
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from tests.errors import raises_code

from .examples import build_parameters, execution_parameters
from .test_own_manifest import FILE, OWN, rendered

OBJECTS = ErrorCode.MANIFEST_WRONG_NUMBER_OF_OBJECTS
CONTAINERS = ErrorCode.MANIFEST_WRONG_NUMBER_OF_CONTAINERS
WRONG_TYPE = ErrorCode.MANIFEST_FIELD_WRONG_TYPE


@pytest.mark.parametrize(
    ("own", "code", "told"),
    [
        ("kind: Deployment", OBJECTS, "(found: Deployment)"),
        ("kind: Job\n---\nkind: Job", OBJECTS, "(found: Job, Job)"),
        ("kind: Job", CONTAINERS, "own.yml: 0 "),
        (
            OWN.replace("containers:\n      - name: trainer",
                        "containers:\n      - name: other\n      - name: trainer"),
            CONTAINERS,
            "own.yml: 2 ",
        ),
        ("kind: Job\nspec: []", WRONG_TYPE, "own.yml: spec is not a mapping"),
        ("kind: Job\n  spec: 1", ErrorCode.MANIFEST_NOT_YAML, "own.yml:2:7: "),
    ],
    ids=["no job", "two jobs", "no container", "two containers", "wrong type", "no yaml"],
)  # fmt: skip
def test_a_mistake_is_told_with_the_file(own: str, code: ErrorCode, told: str) -> None:
    with raises_code(code, ManifestError) as refused:
        rendered(own)
    assert refused.value.message.startswith("own.yml:")
    assert told in refused.value.message


WRONG: list[tuple[str, Any]] = [
    ("metadata", 7),
    ("metadata labels", ["a"]),
    ("spec", "text"),
    ("spec completions", "many"),
    ("spec completions", [4]),
    ("spec template", []),
    ("spec template metadata annotations", "text"),
    ("spec template spec initContainers", 7),
    ("spec template spec initContainers 0", "text"),
    ("spec template spec containers", {"name": "a"}),
    ("spec template spec containers 0 env", {"A": "1"}),
    ("spec template spec containers 0 env 0", None),
    ("spec template spec containers 0 env 0", {"value": "1"}),
    ("spec template spec containers 0 env 0 name", ["A"]),
    ("spec template spec containers 0 resources", "text"),
    ("spec template spec containers 0 resources limits", ["memory"]),
    ("spec template spec containers 0 volumeMounts", "text"),
    ("spec template spec volumes", {"data": {}}),
]


def render_all(secrets: tuple[SecretMount, ...]) -> None:
    KUBERNETES.render(execution_parameters(manifest=FILE, secret=secrets))
    remote.render(build_parameters(manifest=FILE, buildkit_image="buildkit:1"))


@pytest.mark.parametrize(("place", "wrong"), WRONG, ids=str)
def test_nothing_in_it_is_a_bug_of_ours(place: str, wrong: Any) -> None:
    document = yaml.safe_load(OWN)
    *way, last = [int(key) if key.isdigit() else key for key in place.split()]
    node: Any = document
    for key in way:
        node = node[key]
    node[last] = wrong
    FILE.write_text(yaml.safe_dump(document))
    secrets = (SecretMount(name="s3", path="/s3"),)
    with raises_code(WRONG_TYPE, ManifestError) as refused:
        render_all(secrets)
    assert str(FILE) in refused.value.message
