"""Passwords work, and are seen nowhere."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from tests.cluster.conftest import (
    Namespace,
    Submit,
    create_git_secret,
    create_registry_secret,
    own_job,
)
from tests.cluster.leaks import assert_not_seen, everything
from tests.conftest import Repository, eventually, local

NO_SECRETS = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: none}
spec: {hard: {secrets: "0"}}
"""


def test_secrets_of_the_build(
    private: Repository, password: str, namespace: Namespace, submit: Submit
) -> None:
    private.write("greeting.txt", "hello\n")
    private.commit()
    create_git_secret(namespace, password)
    create_registry_secret(namespace, local("LOCAL_PULL_REGISTRY"), password)
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


SHOW = """
cd /run/secrets
stat -L -c '%a %n' key conf/deep/a
cat key conf/deep/a
printf '%s\\n' "$TOKEN"
id -u
"""


def test_what_is_carried_from_here(
    password: str, namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """It is there for every worker, for a user who is not root, too; and goes with the job."""
    (tmp_path / "conf" / "deep").mkdir(parents=True)
    (tmp_path / "conf" / "deep" / "a").write_text(f"a {password}\n")
    (tmp_path / "mine").write_text(f"key {password}\n")
    manifest = own_job(tmp_path, pod={"securityContext": {"runAsUser": 1000}})
    files = (f"--secret-file={tmp_path}/mine:/run/secrets/key", f"--secret-file={tmp_path}/conf")
    flags = (*files, "--secret-env=TOKEN=HERE", f"--manifest={manifest}", "--verbose")
    command = ("sh", "-c", SHOW + "sleep 2")
    here = {"HERE": f"token-{password}"}

    running = submit.start(*flags, "--workers=2", f"--image={busybox}", "--", *command, env=here)
    running.wait_for("[1] 1000")
    seen_by_others = subprocess.run(
        ["ps", "-eo", "args"], check=True, capture_output=True, text=True
    )
    result = running.finish()

    first = [line[4:] for line in result.stdout.splitlines() if line.startswith("[0] ")]
    assert first == [
        "440 key",
        "440 conf/deep/a",
        f"key {password}",
        f"a {password}",
        f"token-{password}",
        "1000",
    ]
    assert result.exit_code == 0
    encoded = base64.b64encode(f"token-{password}".encode()).decode()
    for text in (everything(namespace), result.stderr, seen_by_others.stdout):
        assert password not in text
        assert encoded not in text
    assert len(namespace.names("secrets")) == 3
    namespace.kubectl("delete", "job", namespace.job()["metadata"]["name"])
    eventually(lambda: namespace.names("secrets") == [], "the Secrets are gone")


def test_nothing_is_carried_where_the_job_is_refused(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("secret")
    namespace.create(NO_SECRETS)
    flags = (f"--secret-file={tmp_path}/mine", f"--image={busybox}")

    shown = submit("--dry-run=client", *flags, "--", "true")
    refused = submit(*flags, "--", "true")

    assert "(not shown)" in shown.stdout
    assert base64.b64encode(b"secret").decode() not in shown.stdout
    assert (refused.exit_code, "exceeded quota" in refused.stderr) == (125, True)
    assert namespace.names("jobs,secrets") == []


SLOW_SECRETS = """#!/bin/sh
[ "$1" = create ] || exec kubectl "$@"
manifest=$(cat)
case $manifest in *"kind: Job"*) ;; *) sleep 3 ;; esac
printf '%s\\n' "$manifest" | exec kubectl "$@"
"""


def test_secrets_are_there_before_a_pod_looks_for_them(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    slow.write_text(SLOW_SECRETS)
    slow.chmod(0o755)
    flags = ("--secret-env=TOKEN=HERE", f"--image={busybox}", "--")

    result = submit(
        *flags, "sh", "-c", "echo $TOKEN", env={"HERE": "here", "KUBECTL_PATH": str(slow)}
    )

    assert (result.exit_code, result.stdout) == (0, "here\n"), result.stderr
    [secret] = namespace.get("secrets")
    [owner] = secret["metadata"]["ownerReferences"]
    assert owner["uid"] == namespace.job()["metadata"]["uid"]


def test_an_interrupt_while_it_is_created(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """Nothing is there without the job that owns it."""
    (tmp_path / "mine").write_text("secret")
    flags = (f"--secret-file={tmp_path}/mine", f"--image={busybox}", "--verbose")

    running = submit.start(*flags, "--", "sleep", "300")
    running.wait_for("+ kubectl create -f -")
    running.press_ctrl_c()
    result = running.finish()

    assert result.exit_code == 130, result.stderr
    owners = [secret["metadata"]["ownerReferences"] for secret in namespace.get("secrets")]
    assert [owner["name"] for [owner] in owners] == namespace.names("jobs")


DOCKERFILE = """
RUN --mount=type=secret,id=file test "$(cat /run/secrets/file)" = "file PASSWORD"
RUN --mount=type=secret,id=variable test "$(cat /run/secrets/variable)" = "variable PASSWORD"
"""


@pytest.mark.parametrize("build", ["remote", "local"])
def test_secrets_of_the_dockerfile(
    repository: Repository, namespace: Namespace, submit: Submit, build: str
) -> None:
    """They are there while it is built, and nowhere else."""
    check = DOCKERFILE.replace("PASSWORD", "$(echo UEFTU1dPUkQK | base64 -d)")
    dockerfile = (repository.folder / "Dockerfile").read_text() + check
    repository.write("Dockerfile", dockerfile)
    repository.commit()
    file = repository.folder.parent / "of-the-build"
    file.write_text("file PASSWORD")
    flags = (f"--build={build}", f"--build-secret=id=file,src={file}", "--verbose")
    more = "--build-secret=id=variable,env=HERE"

    result = submit(
        *flags, more, "--", "true", cwd=repository.folder, env={"HERE": "variable PASSWORD"}
    )

    assert result.exit_code == 0, result.stderr
    for text in (everything(namespace), result.stderr):
        assert "variable PASSWORD" not in text
    assert len(namespace.names("secrets")) == (1 if build == "remote" else 0)
