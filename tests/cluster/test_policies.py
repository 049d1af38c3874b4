"""Policies that refuse the pods of a Job, but not the Job."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import eventually

LIMITS = """
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, max: {memory: 64Mi}}]}
"""


@pytest.fixture
def policy(namespace: Namespace) -> Iterator[str]:
    """A policy of the namespace that refuses every pod; its words."""
    words = "every pod needs a cost center"
    match = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}
    documents = [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": namespace.name},
            "spec": {
                "matchConstraints": {"resourceRules": [{**match, "resources": ["pods"]}]},
                "validations": [{"expression": "false", "message": words}],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": namespace.name},
            "spec": {
                "policyName": namespace.name,
                "validationActions": ["Deny"],
                "matchResources": {
                    "namespaceSelector": {
                        "matchLabels": {"kubernetes.io/metadata.name": namespace.name}
                    }
                },
            },
        },
    ]
    namespace.create("\n---\n".join(json.dumps(one) for one in documents))
    yield words
    kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy"
    namespace.kubectl("delete", kinds, namespace.name)


def test_a_policy_that_refuses_the_pod(
    policy: str, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    result = submit(f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "error: the cluster refuses to create the pod\n" in result.stderr
    assert policy in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_range_of_limits(namespace: Namespace, submit: Submit, busybox: str) -> None:
    namespace.create(LIMITS)
    result = submit("--memory=128Mi", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "maximum memory usage per Container is 64Mi" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
