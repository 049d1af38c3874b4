"""Which builder a build uses, what it waits for, and how the build Job differs with one."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from kubectl_submit.build_backends import remote
from kubectl_submit.builders import choice, state
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, UsageError
from kubectl_submit.manifests import tree
from kubectl_submit.model import builder
from kubectl_submit.model.builder import DEFAULT_NAME, Builder
from tests.errors import raises_code

from .examples import build_parameters
from .programs import Answer, Program

ADDRESS = "tcp://fast.builders:1234"
FORBIDDEN = 'Error from server (Forbidden): u cannot list resource "statefulsets" in API group'


def stateful_set(name: str, *, ready: bool = True, **metadata: Any) -> Any:
    """A builder's StatefulSet, as kubectl shows it."""
    status: dict[str, Any] = {"observedGeneration": 2, "readyReplicas": int(ready)}
    status |= {"updateRevision": "b", "currentRevision": "b"}
    head = {"name": name, "uid": f"uid of {name}", "generation": 2, **metadata}
    return {"kind": "StatefulSet", "metadata": head, "status": status}


def chosen(kubectl: Program, *there: Any, **options: Any) -> Builder | None:
    """The builder, where these StatefulSets are in the namespace."""
    kubectl.on("get", "statefulsets.apps", Answer(json.dumps({"kind": "List", "items": there})))
    return choice.start_choosing(Options(**options), Kubectl()).result()


USUAL, FAST, SLOW = (stateful_set(name) for name in (DEFAULT_NAME, "fast", "slow"))


@pytest.mark.parametrize(
    ("there", "options", "name"),
    [
        ([], {}, None),
        ([USUAL], {}, DEFAULT_NAME),
        ([FAST], {}, "fast"),
        ([FAST, USUAL], {}, DEFAULT_NAME),
        ([FAST, SLOW], {}, None),
        ([FAST, SLOW], {"builder": "slow"}, "slow"),
        ([USUAL], {"builder": "none"}, None),
        ([USUAL], {"build_manifest": "own.yml"}, None),
        ([USUAL], {"build_manifest": "own.yml", "builder": DEFAULT_NAME}, DEFAULT_NAME),
        ([USUAL], {"build": "local"}, None),
        ([USUAL], {"build": "local", "builder": "mine"}, None),
        ([stateful_set("old", deletionTimestamp="2026-11-30T12:00:00Z")], {}, None),
    ],
)
def test_the_builder_of_the_namespace(
    kubectl: Program, there: list[Any], options: dict[str, Any], name: str | None
) -> None:
    found = chosen(kubectl, *there, **options)
    assert found == (name and builder.of_namespace(name))


def test_one_that_is_not_ready_is_used_all_the_same(kubectl: Program) -> None:
    found = chosen(kubectl, stateful_set("fast", ready=False))
    assert found == builder.of_namespace("fast", ready=False)


def test_an_address_is_not_asked_for(kubectl: Program) -> None:
    options = Options(builder=ADDRESS, builder_secret="clients")
    found = choice.start_choosing(options, Kubectl()).result()
    assert found == Builder(name="fast.builders:1234", address=ADDRESS, secret="clients")
    assert kubectl.calls() == []


def test_a_name_that_is_not_there(kubectl: Program) -> None:
    with raises_code(ErrorCode.BUILDER_NOT_FOUND, ClusterError) as failed:
        chosen(kubectl, FAST, builder="other")
    assert "There is: fast." in failed.value.remedy


@pytest.mark.parametrize("name", [None, "fast"])
def test_whoever_may_not_look_has_only_what_is_named(kubectl: Program, name: str | None) -> None:
    kubectl.on("get", "statefulsets.apps", Answer(stderr=FORBIDDEN, exit_code=1))
    found = choice.start_choosing(Options(builder=name), Kubectl()).result()
    assert found == (name and builder.of_namespace(name))


def test_certificates_that_expired(kubectl: Program) -> None:
    expired = stateful_set("fast", annotations={builder.EXPIRES: "2020-01-01T00:00:00Z"})
    with raises_code(ErrorCode.BUILDER_CERTIFICATES_EXPIRED, ClusterError) as failed:
        chosen(kubectl, expired)
    assert "kubectl submit builder create fast" in failed.value.remedy


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"builder_secret": "clients"}, ErrorCode.BUILDER_SECRET_WITHOUT_ADDRESS),
        ({"builder": "fast", "builder_secret": "x"}, ErrorCode.BUILDER_SECRET_WITHOUT_ADDRESS),
        ({"build": "local", "builder": ADDRESS}, ErrorCode.BUILDER_ADDRESS_NOT_FOR_LOCAL),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], code: ErrorCode) -> None:
    with raises_code(code, UsageError):
        choice.given(Options(**options))


@pytest.mark.parametrize(
    ("change", "ready"),
    [
        ({}, True),
        ({"readyReplicas": 0}, False),
        ({"observedGeneration": 1}, False),
        ({"updateRevision": "c"}, False),
    ],
)
def test_ready_is_what_has_the_newest_settings(change: dict[str, Any], ready: bool) -> None:
    found = stateful_set("fast")
    found["status"] |= change
    assert state.is_ready(found) is ready


def rendered(chosen: Builder) -> Any:
    """The build Job, as kubectl reads it."""
    (job,) = yaml.safe_load_all(tree.dump(remote.render(build_parameters(builder=chosen))))
    return job["spec"]["template"]


def test_the_build_job_has_no_buildkit_and_no_exception() -> None:
    template = rendered(builder.of_namespace("fast"))
    pod = template["spec"]
    (container,) = pod["containers"]
    assert "initContainers" not in pod
    assert "Unconfined" not in str(pod)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {one["name"] for one in pod["volumes"]} == {
        one["name"] for one in container["volumeMounts"]
    }
    assert {"name": "BUILDER", "value": "tcp://fast:1234"} in container["env"]
    assert "fast-client" in str(pod["volumes"])
    assert template["metadata"]["labels"][builder.CLIENT_LABEL] == "fast"


def test_an_address_without_a_secret() -> None:
    template = rendered(Builder(name="fast.builders:1234", address=ADDRESS, secret=None))
    assert "secret" not in str(template["spec"]["volumes"])
    assert template["metadata"]["labels"][builder.CLIENT_LABEL] == "fast.builders-1234"
