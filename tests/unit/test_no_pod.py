"""Why a Job gets no pod, and whether that is for ever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.following import no_pod

from .samples import Run


def first_event(run: str) -> Any:
    return next(
        event["object"] for event in Run(run).events if event["object"]["reason"] == "FailedCreate"
    )


@pytest.mark.parametrize(
    ("run", "message", "for_ever"),
    [
        ("quota-is-full", "exceeded quota: small, requested: pods=1, used: pods=1", False),
        ("quota-too-small", "exceeded quota: small, requested: pods=1, used: pods=0", True),
        ("pod-security", 'violates PodSecurity "baseline:latest": host namespaces', True),
        ("no-such-account", 'serviceaccount "no-such-account" not found', True),
    ],
)
def test_why_there_is_no_pod(run: str, message: str, for_ever: bool) -> None:
    said, found = no_pod.no_pod_reason(first_event(run))
    assert message in said
    assert found is for_ever


@pytest.mark.parametrize(
    ("message", "for_ever"),
    [
        ("exceeded quota: q, requested: memory=2Gi, used: memory=0, limited: memory=1Gi", True),
        ("exceeded quota: q, requested: memory=1Gi, used: memory=5Mi, limited: memory=1Gi", False),
        (
            "exceeded quota: q, requested: pods=1,requests.cpu=500m, used: pods=9,requests.cpu=1, "
            "limited: pods=10,requests.cpu=1",
            False,
        ),
        (
            "exceeded quota: q, requested: pods=1,requests.cpu=1500m, used: pods=9,requests.cpu=1, "
            "limited: pods=10,requests.cpu=1",
            True,
        ),
        ("exceeded quota: q, requested: memory=1G, used: memory=1, limited: memory=1e9", False),
        ("failed quota: q: must specify limits.cpu for: main", True),
        # kube-apiserver's own admission plugins, before they know enough.
        ("status unknown for quota: q, resources: pods", False),
        ("not yet ready to handle request", False),
    ],
)  # fmt: skip
def test_whether_there_ever_will_be_a_pod(message: str, for_ever: bool) -> None:
    event = first_event("quota-is-full")
    event["message"] = f'Error creating: pods "run-0-abcde" is forbidden: {message}'
    said, found = no_pod.no_pod_reason(event)
    assert message in said
    assert found is for_ever


@pytest.mark.parametrize(
    "message",
    [
        'Error creating: Internal error occurred: failed calling webhook "x": context deadline',
        'Internal error occurred: failed calling webhook "x": failed to call webhook: Post '
        '"https://x.x.svc:443/v": service "x" not found',
        'Internal error occurred: failed calling webhook "x": the server could not find the '
        "requested resource",
        'forbidden: error looking up service account new/default: serviceaccount "default" not '
        "found",
        "Error creating: Timeout: request did not complete within requested timeout",
    ],
)
def test_trouble_of_the_cluster_may_pass(message: str) -> None:
    event = {"reason": "FailedCreate", "message": message}
    assert no_pod.no_pod_reason(event) == (message, False)


@pytest.mark.parametrize(
    "message",
    [
        "pods \"run-0-x\" is forbidden: ValidatingAdmissionPolicy 'cost' with binding 'cost' "
        "denied request: every pod needs a cost center",
        'admission webhook "validation.gatekeeper.sh" denied the request: [labels] you must '
        "provide labels: {team}",
        'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/x was '
        "blocked due to the following policies",
        'pods "run-0-x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
        'pods "run-0-x" is forbidden: error looking up service account team/robot: serviceaccount '
        '"robot" not found',
        'pods "run-0-x" is forbidden: no PriorityClass with name urgent was found',
        'pods "run-0-x" is forbidden: pod rejected: RuntimeClass "kata" not found',
        'Pod "run-0-x" is invalid: spec.containers[0].resources.requests: Invalid value: "2"',
        'pods "run-0-x" is forbidden: unable to create new content in namespace team because it is '
        "being terminated",
    ],
)
def test_what_a_policy_refuses_it_always_refuses(message: str) -> None:
    event = {"reason": "FailedCreate", "message": f"Error creating: {message}"}
    said, for_ever = no_pod.no_pod_reason(event)
    assert for_ever
    assert said.split(": ")[-1] == message.rsplit(": ", maxsplit=1)[-1]


def test_other_events_say_nothing_of_it() -> None:
    events = [event["object"] for event in Run("succeeded").events]
    assert {no_pod.no_pod_reason(event) for event in events} == {("", False)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1", 1),
        ("1.5", 1.5),
        ("500m", 0.5),
        ("2k", 2000),
        ("2M", 2e6),
        ("1Ki", 1024),
        ("1.5Gi", 1.5 * 2**30),
        ("3Ei", 3 * 2**60),
        ("1e3", 1000),
        ("1E3", 1000),
        ("", 0),
        ("Gi", 0),
        ("1.2.3", 0),
        (".", 0),
        ("lots", 0),
    ],
)
def test_the_value_of_a_quantity(text: str, value: float) -> None:
    assert no_pod.quantity_value(text) == value


@given(st.text("0123456789.eEmkKGi-"))
def test_no_quantity_is_too_strange(text: str) -> None:
    assert isinstance(no_pod.quantity_value(text), float)
