"""What a registry has already is not built again, and nothing else is taken for it."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Repository, local, tags

BUILT = "exporting to image"
"""What BuildKit says when it builds."""
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = {"amd64": "arm64"}.get(HERE, "amd64")


def test_every_flag_of_a_build_is_known_to_the_look(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    base = dockerfile.replace("WORKDIR", "ARG FLAVOUR=plain\nRUN echo $FLAVOUR > /flavour\nWORKDIR")
    base = base.replace(":1\n", ":1 AS base\n", 1)
    repository.write("Dockerfile", f"{base}FROM scratch\n")
    repository.write("token", "")
    commit = repository.commit()
    flags = ("--target=base", "--build-arg=FLAVOUR=sour", f"--platform=linux/{HERE}")
    secret = "--build-secret=id=token,src=token"
    command = (*flags, secret, "--", "cat", "/flavour")

    first = submit(*command, cwd=repository.folder)
    namespace.kubectl("delete", "jobs", "--all")  # what the cluster knows of it
    second = submit(*command, cwd=repository.folder)

    for one in (first, second):
        assert (one.exit_code, one.stdout) == (0, "sour\n"), one.stderr
    assert BUILT in first.stderr
    assert BUILT not in second.stderr
    assert len(tags(commit)) == 1


@pytest.mark.parametrize("build", ["remote", "local"])
def test_an_image_for_another_platform_does_not_count(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path, build: str
) -> None:
    """It stays as it is: somebody's laptop may have pushed it."""
    commit = repository.commit()
    name = f"{local('KUBECTL_SUBMIT_IMAGE_REPOSITORY')}:{commit}"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    push = ["docker", "buildx", "build", "--push", "--quiet", "--provenance=false"]
    argv = [*push, f"--platform=linux/{OTHER}", "--tag", name, str(tmp_path / "other")]
    subprocess.run(argv, check=True, capture_output=True)
    command = (f"--build={build}", "--", "echo", "hello")

    first = submit(*command, cwd=repository.folder)
    namespace.kubectl("delete", "jobs", "--all")
    second = submit(*command, cwd=repository.folder)

    for one in (first, second):
        assert (one.exit_code, one.stdout) == (0, "hello\n"), one.stderr
        assert f"{commit} is for " in one.stderr
    assert (BUILT in first.stderr, BUILT in second.stderr) == (True, False)
    assert tags(commit) == [commit, f"{commit}-{HERE}"]


def test_a_credential_helper_that_is_not_there(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()
    registry = local("LOCAL_PULL_REGISTRY")
    for name, configuration in (
        ("helpers", {"credHelpers": {"other.example": "none", registry: "ecr-login"}}),
        ("store", {"auths": {registry: {}}, "credsStore": "desktop"}),
        ("foreign", {"credHelpers": {"other.example": "none"}}),
    ):
        data = f"--from-literal=.dockerconfigjson={json.dumps(configuration, indent=1)}"
        kind = "--type=kubernetes.io/dockerconfigjson"
        namespace.kubectl("create", "secret", "generic", name, kind, data)

    for name, helper in (("helpers", "ecr-login"), ("store", "desktop")):
        result = submit(f"--registry-secret={name}", "--", "true", cwd=repository.folder)
        assert result.exit_code == 125
        assert f"names docker-credential-{helper}, which is not in the builder" in result.stderr
        assert tags(commit) == []
    assert submit("--registry-secret=foreign", "--", "true", cwd=repository.folder).exit_code == 0


def test_the_base_image_is_in_another_registry(
    private: Repository,
    namespace: Namespace,
    submit: Submit,
    docker_login: Mapping[str, str],
) -> None:
    """What docker knows goes with the build for the registries that the Dockerfile names."""
    other, public = local("LOCAL_PRIVATE_PULL_REGISTRY"), local("LOCAL_PULL_REGISTRY")
    base = f"ARG BASE={other}/busybox:1\nFROM $BASE\nWORKDIR /app\nCOPY . .\n"
    private.write("Dockerfile", base)
    private.write("greeting.txt", "hello\n")
    private.commit()
    configuration = Path(docker_login["DOCKER_CONFIG"]) / "config.json"
    known = json.loads(configuration.read_text(encoding="utf-8"))["auths"]
    known[other] = known.pop(local("LOCAL_PRIVATE_REGISTRY"))
    known[public] = {"auth": "YWRhOm5vdGhpbmc="}  # it asks for none
    configuration.write_text(json.dumps({"auths": known}), encoding="utf-8")

    result = submit(
        "--credentials-from-local",
        *("--", "cat", "greeting.txt"),
        cwd=private.folder,
        env=docker_login,
    )

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
