"""Passwords work, and are seen nowhere."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Finished, Repository, local


@pytest.fixture
def password() -> str:
    """The password of the local cluster's git server and registry."""
    return local("LOCAL_PASSWORD")


@pytest.fixture
def private(repository: Repository, password: str) -> Repository:
    """A repository whose remote asks for a password, which the user has in the URL."""
    repository.url = f"{local('LOCAL_GIT_HTTP')}/{repository.url.split('/')[-1]}"
    secret_url = repository.url.replace("//", f"//{local('LOCAL_USER')}:{password}@")
    repository.git("remote", "set-url", "origin", secret_url)
    return repository


def everything(namespace: Namespace) -> str:
    """All objects of a namespace but the Secrets themselves, as text."""
    kinds = namespace.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name")
    shown = [kind for kind in kinds.split() if kind != "secrets"]
    return namespace.kubectl("get", ",".join(shown), "--output=yaml")


def assert_not_seen(password: str, namespace: Namespace, result: Finished) -> None:
    """Nobody has seen the password."""
    objects = everything(namespace)
    assert "kind: Job" in objects
    for secret in (password, base64.b64encode(password.encode()).decode()):
        assert secret not in objects
        assert secret not in result.stdout
        assert secret not in result.stderr


def test_secrets_of_the_build(
    private: Repository, password: str, namespace: Namespace, submit: Submit
) -> None:
    private.write("greeting.txt", "hello\n")
    private.commit()
    credentials = (
        f"--from-literal=username={local('LOCAL_USER')}",
        f"--from-literal=password={password}",
    )
    kind = "--type=kubernetes.io/basic-auth"
    namespace.kubectl("create", "secret", "generic", "git", kind, *credentials)
    account = (f"--docker-username={local('LOCAL_USER')}", f"--docker-password={password}")
    server = f"--docker-server={local('LOCAL_PULL_REGISTRY')}"
    namespace.kubectl("create", "secret", "docker-registry", "registry", server, *account)
    secrets = ("--git-secret=git", "--registry-secret=registry")

    result = submit(
        *secrets, "--verbose", "--", "sh", "-c", "cat greeting.txt; env", cwd=private.folder
    )

    assert result.exit_code == 0
    assert result.stdout.startswith("hello\n")
    assert f"KUBECTL_SUBMIT_REMOTE={private.url}\n" in result.stdout
    assert "permission denied" not in result.stderr
    for pod in namespace.get("pods"):
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert_not_seen(password, namespace, result)


def test_a_private_repository_without_its_secret(
    private: Repository, password: str, namespace: Namespace, submit: Submit
) -> None:
    private.commit()

    result = submit("--verbose", "--", "true", cwd=private.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert f"could not read Username for '{private.url.rsplit('/', 1)[0]}'" in result.stderr
    assert password not in result.stderr
    assert namespace.names("jobs") == []


def test_the_value_of_a_secret(
    password: str, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    namespace.kubectl("create", "secret", "generic", "wandb", f"--from-literal=key={password}")
    show = "test -s /run/secrets/wandb/key && echo it is there"

    result = submit("--secret=wandb", "--verbose", f"--image={busybox}", "--", "sh", "-c", show)

    assert (result.exit_code, result.stdout) == (0, "it is there\n")
    assert_not_seen(password, namespace, result)


def test_a_token(namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path) -> None:
    """A token of somebody who may do nothing, with a kubeconfig that names no user."""
    namespace.kubectl("create", "serviceaccount", "nobody")
    token = namespace.kubectl("create", "token", "nobody").strip()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(namespace.kubectl("config", "view", "--raw", "--minify", "--flatten"))
    anonymous = ("set-context", "--current", "--user=")
    namespace.kubectl("config", f"--kubeconfig={kubeconfig}", *anonymous)
    user = (f"--kubeconfig={kubeconfig}", f"--token={token}", "--verbose")

    result = submit(*user, f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert f'User "system:serviceaccount:{namespace.name}:nobody" cannot create' in result.stderr
    assert "--token=***" in result.stderr
    assert token not in result.stderr
