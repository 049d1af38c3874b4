"""What the cluster would refuse after the build is refused before it."""

from __future__ import annotations

from typing import Any

import yaml

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import preflight
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution_backends.kubernetes.backend import BACKEND as KUBERNETES
from tests.errors import raises_code

from .examples import execution_parameters
from .programs import Answer, Program

SECRETS: dict[str, Any] = {
    "secret": (SecretMount(name="a", path="/a"), SecretMount(name="b", path="/b")),
    "registry_secret": "a",
    "git_secret": "c",
    "service_account": "robot",
}


def test_the_server_is_asked_without_effect(kubectl: Program) -> None:
    kubectl.on("create", "--dry-run=server", Answer("{}"))
    preflight.check(KUBERNETES.render(execution_parameters()), KUBERNETES, Options(), Kubectl())
    sent = yaml.safe_load(kubectl.call("create").stdin)
    assert (sent["kind"], sent["metadata"]["name"]) == ("Job", "app-0123456-x2k4z")
    assert len(kubectl.all_calls) == 1


def test_a_refusal_of_the_server(kubectl: Program) -> None:
    kubectl.on("create", Answer(stderr='namespaces "x" not found\n', exit_code=1))
    with raises_code(ErrorCode.NAMESPACE_NOT_FOUND, ClusterError):
        preflight.check(KUBERNETES.render(execution_parameters()), KUBERNETES, Options(), Kubectl())


def test_nothing_is_asked_where_nothing_is_named(kubectl: Program) -> None:
    preflight.check_names(Options(), Kubectl())
    assert kubectl.all_calls == []


def test_what_is_named_must_exist(kubectl: Program) -> None:
    kubectl.on("get", Answer("secret/a\nserviceaccount/robot\n"))
    with raises_code(ErrorCode.OBJECT_NOT_FOUND, ClusterError) as refused:
        preflight.check_names(Options(**SECRETS), Kubectl())
    assert refused.value.message == "not in the namespace: secret/b, secret/c"
    asked = [arg for arg in kubectl.call("get").argv if "/" in arg]
    assert asked == ["secret/a", "secret/b", "secret/c", "serviceaccount/robot"]


def test_a_secret_that_no_registry_takes(kubectl: Program) -> None:
    kubectl.on("get", Answer("secret/a\n"))
    kubectl.on("jsonpath={.type}", Answer("Opaque"))
    with raises_code(ErrorCode.REGISTRY_SECRET_WRONG_TYPE, ClusterError) as refused:
        preflight.check_names(Options(registry_secret="a"), Kubectl())
    assert refused.value.message.startswith("secret/a is of the type Opaque, not ")
    assert "docker-registry" in refused.value.remedy


def test_everything_that_is_named_is_asked_for_and_there(kubectl: Program) -> None:
    kubectl.on("get", Answer("secret/a\nsecret/b\nsecret/c\nserviceaccount/robot\n"))
    kubectl.on("jsonpath={.type}", Answer("kubernetes.io/dockerconfigjson"))
    preflight.check_names(Options(**SECRETS), Kubectl())
    asked = {arg for call in kubectl.calls("get") for arg in call.argv if "/" in arg}
    assert asked >= {"secret/a", "secret/b", "secret/c", "serviceaccount/robot"}
