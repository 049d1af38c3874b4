"""Builds that fail say why, and leave nothing in the registry or in the temporary folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, MissingProgramError, RepositoryError
from tests.conftest import Commands, Repository, local, tags
from tests.docker.conftest import Build
from tests.errors import raises_code


def test_a_step_that_fails(
    repository: Repository, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    failing = "RUN echo the weather is bad >&2; exit 3"
    repository.write("Dockerfile", f"{dockerfile}{failing}\n")
    commit = repository.commit()

    with raises_code(ErrorCode.BUILD_FAILED, BuildError) as failed:
        build(repository.folder)
    assert failed.value.message.endswith("docker buildx exited 1")

    output = capfd.readouterr()
    assert output.out == ""
    assert failing in output.err
    assert " the weather is bad\n" in output.err
    assert "exit code: 3" in output.err
    assert tags(commit) == []


def test_a_registry_that_refuses_the_push(
    repository: Repository, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    commit = repository.commit()

    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(repository.folder, image_repository="localhost:1/app")

    output = capfd.readouterr()
    assert f"failed to push localhost:1/app:{commit}" in output.err
    assert "connection refused" in output.err


def test_a_base_image_that_is_not_there(
    repository: Repository, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = f"{local('LOCAL_REGISTRY')}/no-such-image:1"
    repository.write("Dockerfile", f"FROM {missing}\n")
    commit = repository.commit()

    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(repository.folder)

    assert f"{missing}: not found" in capfd.readouterr().err
    assert tags(commit) == []


def test_a_builder_that_is_not_there(
    repository: Repository,
    build: Build,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    commit = repository.commit()
    monkeypatch.setenv("BUILDX_BUILDER", "no-such-builder")

    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(repository.folder, rebuild=True)

    assert 'no builder "no-such-builder" found' in capfd.readouterr().err
    assert tags(commit) == []


def test_docker_without_buildx(
    repository: Repository, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "without-plugins"))

    with raises_code(ErrorCode.DOCKER_WITHOUT_BUILDX, MissingProgramError):
        build(repository.folder)


def test_no_docker(
    repository: Repository, build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit()
    only_git = tmp_path / "bin"
    only_git.mkdir()
    for program in ("git", "kubectl"):
        (only_git / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(only_git))

    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError) as missing:
        build(repository.folder)
    assert missing.value.message.startswith("docker ")


def test_a_submodule_that_is_not_checked_out(
    repository: Repository, make_repository: Callable[[str], Repository], build: Build
) -> None:
    library = make_repository("library")
    library.commit()
    repository.git("submodule", "--quiet", "add", library.url, "library")
    commit = repository.commit()
    repository.git("submodule", "--quiet", "deinit", "--all")

    with raises_code(ErrorCode.SUBMODULE_NOT_CHECKED_OUT, RepositoryError) as refused:
        build(repository.folder)
    assert " library " in refused.value.message

    assert tags(commit) == []


def test_what_the_cluster_would_refuse_is_not_built(
    repository: Repository, commands: Commands
) -> None:
    commit = repository.commit()

    result = commands.run(
        *("kubectl-submit", "--build=local", "--server=https://127.0.0.1:1", "--", "true"),
        cwd=repository.folder,
    )

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith("error: cannot reach the cluster\n")
    assert tags(commit) == []


def test_what_is_not_pushed_is_not_built(repository: Repository, commands: Commands) -> None:
    """The gate opens before anything else happens, so it needs no cluster."""
    repository.commit()
    repository.git("commit", "--quiet", "--allow-empty", "--message=not pushed")
    commit = repository.git("rev-parse", "HEAD")
    repository.write("Dockerfile", "FROM scratch\n")

    result = commands.run(
        *("kubectl-submit", "--build=local", "--", "true"),
        cwd=repository.folder,
        env={"KUBECONFIG": os.devnull},
    )

    assert (result.exit_code, result.stdout) == (125, "")
    assert "1 tracked file is changed: Dockerfile" in result.stderr
    assert f"the commit {commit[:7]} is not on the remote origin" in result.stderr
    assert tags(commit) == []
