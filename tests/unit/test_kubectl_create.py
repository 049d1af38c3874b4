"""Creates once and only once, whatever happens to the connection."""

from __future__ import annotations

import json

import pytest

from kubectl_submit.cluster.creation import create_manifest
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from tests.errors import raises_code

from .programs import Answer, Program

JOB = {"kind": "Job", "metadata": {"name": "one", "namespace": "team"}}
CREATED = Answer(json.dumps(JOB))
EXISTS = 'Error from server (AlreadyExists): jobs.batch "one" already exists\n'


@pytest.mark.parametrize(
    "words",
    [
        'error: Post "https://k8s/apis": EOF\n',
        "error: read tcp 10.0.0.1:4: read: connection reset by peer\n",
        "error: http2: client connection lost\n",
    ],
)
def test_what_a_cut_connection_may_have_lost_is_created_again(kubectl: Program, words: str) -> None:
    kubectl.on("create", Answer(stderr=words, exit_code=1), CREATED)
    assert create_manifest("kind: Job", Kubectl()) == [JOB]
    assert [call.stdin for call in kubectl.calls("create")] == ["kind: Job", "kind: Job"]


def test_what_was_created_before_the_cut_is_read(kubectl: Program) -> None:
    cut, exists = Answer(stderr="EOF\n", exit_code=1), Answer(stderr=EXISTS, exit_code=1)
    kubectl.on("create", cut, exists)
    kubectl.on("get", "-f", "-", CREATED)
    assert create_manifest("kind: Job", Kubectl()) == [JOB]
    assert kubectl.call("get").stdin == "kind: Job"


def test_what_somebody_else_has_created_is_a_refusal(kubectl: Program) -> None:
    kubectl.on("create", Answer(stderr=EXISTS, exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError) as refused:
        create_manifest("kind: Job", Kubectl())
    assert refused.value.last_words == EXISTS.strip()
    assert len(kubectl.all_calls) == 1


def test_a_connection_that_is_always_cut_is_an_error(kubectl: Program) -> None:
    kubectl.on("create", Answer(stderr="error: EOF\n", exit_code=1))
    with raises_code(ErrorCode.MANIFEST_REFUSED, ClusterError) as failed:
        create_manifest("kind: Job", Kubectl())
    assert failed.value.last_words == "error: EOF"
    assert 1 < len(kubectl.all_calls) < 10
