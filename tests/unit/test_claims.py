"""Claims that the pods of a run cannot mount are told before the build."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.pod_values import CLAIM, CONFIG_MAP, Volume
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import preflight
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.execution_backends.ray.parameters import RayParameters
from tests.errors import raises_code

from .examples import execution_parameters
from .programs import Answer, Program

ASKED = Options(volume=(Volume(CLAIM, "data", "/data"), Volume(CONFIG_MAP, "c", "/c")))
FORBIDDEN = (
    'Error from server (Forbidden): persistentvolumeclaims "data" is forbidden: User "ada" cannot '
    'get resource "persistentvolumeclaims" in API group "" in the namespace "team"\n'
)


def claim(*modes: str, phase: str = "Bound", **metadata: str) -> str:
    return json.dumps(
        {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", **metadata},
            "spec": {"accessModes": modes, "volumeName": "pv-1"},
            "status": {"phase": phase},
        }
    )


def check(kubectl: Program, found: Answer, kind: str = "job", **changes: Any) -> list[str]:
    """What is said of the claim."""
    kubectl.on("config", "view", Answer("team"))
    kubectl.on("get", "persistentvolumeclaim", found)
    backend = by_kind(kind)
    documents = backend.render(execution_parameters(**changes))
    return preflight.check_claims(documents, backend, ASKED, Kubectl())


def test_nothing_is_asked_without_a_claim(kubectl: Program) -> None:
    backend = by_kind("job")
    options = Options(volume=(Volume(CONFIG_MAP, "c", "/c"),))
    documents = backend.render(execution_parameters())
    assert preflight.check_claims(documents, backend, options, Kubectl()) == []
    assert kubectl.all_calls == []


def test_what_is_named_is_looked_for() -> None:
    assert preflight.named_objects(ASKED) == ["persistentvolumeclaim/data", "configmap/c"]


@pytest.mark.parametrize(
    ("found", "workers"),
    [
        (Answer(claim("ReadWriteOnce")), 1),
        (Answer(claim("ReadWriteOncePod")), 1),
        (Answer(claim("ReadWriteMany")), 4),
        (Answer(claim("ReadWriteOnce", "ReadOnlyMany")), 4),
        (Answer(claim("ReadWriteOnce", phase="Pending")), 1),
        (Answer(""), 4),
        (Answer(stderr=FORBIDDEN, exit_code=1), 4),
    ],
)
def test_nothing_is_said_of_a_claim_that_can_be_mounted(
    kubectl: Program, found: Answer, workers: int
) -> None:
    assert check(kubectl, found, workers=workers) == []


@pytest.mark.parametrize(
    ("kind", "changes", "pods"),
    [
        ("job", {"workers": 4}, 4),
        ("rayjob", {"workers": 1}, 2),
        ("rayjob", {"workers": 3, "own": RayParameters(autoscale=True)}, 4),
    ],
)
def test_a_claim_of_one_node(
    kubectl: Program, kind: str, changes: dict[str, Any], pods: int
) -> None:
    [said] = check(kubectl, Answer(claim("ReadWriteOnce")), kind, **changes)
    assert said.startswith("persistentvolumeclaim/data is ReadWriteOnce")
    assert f"all {pods} pods" in said


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (claim("ReadWriteMany", phase="Lost"), ErrorCode.CLAIM_LOST),
        (
            claim("ReadWriteMany", deletionTimestamp="2026-11-30T20:00:00Z"),
            ErrorCode.CLAIM_BEING_DELETED,
        ),
        (claim("ReadWriteOncePod"), ErrorCode.CLAIM_FOR_ONE_POD),
    ],
)
def test_a_claim_that_cannot_be_mounted(kubectl: Program, found: str, code: ErrorCode) -> None:
    with raises_code(code, ClusterError) as refused:
        check(kubectl, Answer(found), workers=2)
    assert "persistentvolumeclaim/data" in refused.value.message
    assert "another claim" in refused.value.remedy or "a claim that" in refused.value.remedy
