"""One run with everything that is secret, and a look everywhere."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.leaks import arguments, assert_in_none, everything, image_content
from tests.conftest import Repository, tags, update_hook

USES_SECRETS = """
RUN --mount=type=secret,id=file test -s /run/secrets/file
RUN --mount=type=secret,id=variable test -s /run/secrets/variable
"""
USE_SECRETS = """
set -e
test -s /run/secrets/mine
test -n "$TOKEN"
cat greeting.txt
"""


@dataclass(frozen=True)
class Canaries:
    """A submit with secrets of every kind: its flags, its environment, and what is secret."""

    flags: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: tuple[str, ...]


@pytest.fixture
def canaries(
    tmp_path: Path,
    private_registry: Mapping[str, str],
    docker_login: Mapping[str, str],
    password: str,
) -> Canaries:
    """All that can be given, each with a value of its own.

    The repository in the registry is new, too: in others, caches of earlier tests gather.
    """
    secrets, unique = [f"canary-{uuid.uuid4().hex}" for _ in range(4)], uuid.uuid4().hex
    (tmp_path / "mine").write_text(secrets[0], encoding="utf-8")
    (tmp_path / "of-the-build").write_text(secrets[1], encoding="utf-8")
    return Canaries(
        flags=(
            f"--secret-file={tmp_path}/mine",
            "--secret-env=TOKEN=CANARY_TOKEN",
            f"--build-secret=id=file,src={tmp_path}/of-the-build",
            "--build-secret=id=variable,env=CANARY_BUILD",
            "--credentials-from-local",
            "--verbose",
        ),
        environment={
            **{name: f"{value}-{unique}" for name, value in private_registry.items()},
            **docker_login,
            "CANARY_TOKEN": secrets[2],
            "CANARY_BUILD": secrets[3],
        },
        secrets=(password, *secrets),
    )


@pytest.fixture
def using_secrets(private: Repository) -> Repository:
    """A repository whose build wants secrets, with a change that is not committed."""
    dockerfile = (private.folder / "Dockerfile").read_text(encoding="utf-8")
    private.write("Dockerfile", dockerfile + USES_SECRETS)
    private.write("unique.txt", str(uuid.uuid4()))  # no cache has the steps that use secrets
    private.commit()
    private.write("greeting.txt", "hello\n")
    return private


@pytest.mark.parametrize("build", ["remote", "local"])
def test_a_run(
    using_secrets: Repository,
    namespace: Namespace,
    submit: Submit,
    canaries: Canaries,
    build: str,
) -> None:
    flags = (f"--build={build}", "--allow-dirty", "--output=json", *canaries.flags)
    command = ("--", "sh", "-c", USE_SECRETS)

    running = submit.start(*flags, *command, cwd=using_secrets.folder, env=canaries.environment)
    processes = arguments(running)
    result = running.finish()

    assert result.exit_code == 0, result.stderr
    assert "hello\n" in result.stderr
    assert "--secret-file" in processes
    assert "buildkitd" in processes or build == "local"
    name = namespace.job()["metadata"]["name"]
    repository = canaries.environment["KUBECTL_SUBMIT_IMAGE_REPOSITORY"]
    here = {**os.environ, **canaries.environment}
    [tag] = tags(using_secrets.git("rev-parse", "HEAD"), repository, here)
    image = image_content(f"{repository}:{tag}", here)
    assert "hello" in image
    caches = [
        image_content(f"{repository}:{one}", here) for one in tags("cache-", repository, here)
    ]
    assert any("hello" in one for one in caches)
    shown = {
        "arguments": processes,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "objects": everything(namespace),
        "image": image,
        "caches": "\n".join(caches),
        "status": submit("status", name, "--output=json").stdout,
        "status as text": submit("status", name).stdout,
        "list": submit("list", "--output=json").stdout,
        "log": submit("logs", name).stdout,
        "log of the build": submit("logs", name, "--build").stdout if build == "remote" else "",
    }
    assert_in_none(canaries.secrets, shown)


def test_a_dry_run(
    using_secrets: Repository, namespace: Namespace, submit: Submit, canaries: Canaries
) -> None:
    flags = ("--dry-run=server", "--allow-dirty", "--output=yaml", *canaries.flags)

    running = submit.start(*flags, "--", "true", cwd=using_secrets.folder, env=canaries.environment)
    processes = arguments(running)
    result = running.finish()

    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("(not shown)") > 4
    shown = {"arguments": processes, "stdout": result.stdout, "stderr": result.stderr}
    assert_in_none(canaries.secrets, shown)
    assert namespace.names("jobs,secrets") == []


@pytest.mark.parametrize("broken", ["push", "password", "build", "job"])
def test_an_error(
    using_secrets: Repository,
    namespace: Namespace,
    submit: Submit,
    canaries: Canaries,
    broken: str,
) -> None:
    """Whatever fails, its last words tell nobody, and no Secret stays."""
    secrets = list(canaries.secrets)
    flags = [*canaries.flags, "--allow-dirty"]
    if broken == "push":
        update_hook(using_secrets, "exit 1")
    elif broken == "password":
        wrong = f"canary-{uuid.uuid4().hex}"
        url = using_secrets.git("remote", "get-url", "origin").replace(secrets[0], wrong)
        using_secrets.git("remote", "set-url", "origin", url)
        secrets.append(wrong)
    elif broken == "build":
        using_secrets.write("Dockerfile", "FROM scratch\nCOPY nothing /\n")
    else:
        flags.append("--priority=there-is-no-such-class")

    running = submit.start(*flags, "--", "true", cwd=using_secrets.folder, env=canaries.environment)
    processes = arguments(running)
    result = running.finish()

    assert (result.exit_code, "error: " in result.stderr) == (125, True)
    shown = {
        "arguments": processes,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "objects": everything(namespace),
    }
    assert_in_none(secrets, shown)
    assert namespace.names("jobs,secrets") == []
