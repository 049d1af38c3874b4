"""What cannot be done is said clearly, with exit code 125, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, eventually, tags

NO_PODS = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: no-pods}
spec: {hard: {pods: "0"}}
"""

SUFFICIENT_ROLE = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: researcher}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: submit}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create, get, list, watch, delete]}
- {apiGroups: [""], resources: [pods, events], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods/log], verbs: [get]}
- {apiGroups: [""], resources: [services], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: researcher-submit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: submit}
subjects: [{kind: ServiceAccount, name: researcher}]
"""


def test_a_quota_without_pods(namespace: Namespace, submit: Submit, busybox: str) -> None:
    namespace.create(NO_PODS)

    result = submit(f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "error: the cluster refuses to create the pod\n" in result.stderr
    assert "exceeded quota: no-pods" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_user_without_permissions(namespace: Namespace, submit: Submit, busybox: str) -> None:
    nobody = f"--as=system:serviceaccount:{namespace.name}:nobody"

    result = submit(nobody, f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith("error: not allowed\nError from server (Forbidden)")
    assert "Ask for the permission" in result.stderr
    assert namespace.names("jobs,pods") == []


def test_permissions_that_suffice(namespace: Namespace, submit: Submit, busybox: str) -> None:
    namespace.create(SUFFICIENT_ROLE)
    researcher = f"--as=system:serviceaccount:{namespace.name}:researcher"

    result = submit(researcher, "--workers=2", f"--image={busybox}", "--", "echo", "hello")

    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == ["[0] hello", "[1] hello"]


@pytest.mark.parametrize(
    ("allowed", "denied"),
    [
        ("resources: [pods/log], verbs: [get]", "pods/log"),
        ("resources: [pods, events], verbs: [get, list, watch]", "pods"),
    ],
)
def test_a_permission_that_is_missing(
    namespace: Namespace, submit: Submit, busybox: str, allowed: str, denied: str
) -> None:
    """Without output there is no success."""
    namespace.create(SUFFICIENT_ROLE.replace(allowed, "resources: [nodes], verbs: [get]"))
    researcher = f"--as=system:serviceaccount:{namespace.name}:researcher"

    result = submit(researcher, f"--image={busybox}", "--", "echo", "hello")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "(Forbidden)" in result.stderr
    assert f'resource "{denied}"' in result.stderr


def test_a_namespace_that_is_not_there(submit: Submit, busybox: str) -> None:
    result = submit("--namespace=no-such-namespace", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith("error: there is no such namespace\n")
    assert "no-such-namespace" in result.stderr


def test_a_server_that_does_not_answer(submit: Submit, busybox: str) -> None:
    result = submit("--server=https://127.0.0.1:1", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith("error: cannot reach the cluster\n")
    assert "127.0.0.1:1" in result.stderr


def test_names_are_checked_before_anything_is_built(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()
    flags = ("--secret=database", "--registry-secret=registry", "--git-secret=git")

    result = submit("--service-account=trainer", *flags, "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith(
        "error: not in the namespace: "
        "secret/database, secret/registry, secret/git, serviceaccount/trainer\n"
    )
    assert namespace.names("jobs,pods") == []
    assert tags(commit) == []


def test_changes_that_are_not_pushed(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    repository.write("Dockerfile", "FROM scratch\n")
    repository.write("new.txt", "new\n")

    result = submit("--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "1 tracked file is changed: Dockerfile\n" in result.stderr
    assert "1 file is not in git: new.txt\n" in result.stderr
    assert namespace.names("jobs,pods") == []


def test_outside_of_a_repository(namespace: Namespace, submit: Submit, tmp_path: Path) -> None:
    result = submit("--", "true", cwd=tmp_path)

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith(f"error: {tmp_path} is not in a git repository\n")
    assert namespace.names("jobs,pods") == []
