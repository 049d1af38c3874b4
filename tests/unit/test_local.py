"""Builds with docker buildx on this machine: what docker is given to build from."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.build_backends import local
from kubectl_submit.cli.options import secret_values
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, MissingProgramError, UsageError
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import Source
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_cache import BuildCache
from tests.errors import raises_code

from .examples import DIGEST, build_parameters, inspected
from .programs import Answer, Metadata, Program
from .repositories import Project

NOT_FOUND = Answer(stderr="ERROR: localhost:5000/app:tag: not found\n", exit_code=1)
TREE = {
    "Dockerfile": ["-rw-r--r--", "FROM busybox\n"],
    "main.py": ["-rw-r--r--", "print('hello')\n"],
}


@pytest.fixture(autouse=True)
def buildx(docker: Program, kubectl: Program) -> Program:
    """A docker that finds no image in the registry, and builds."""
    docker.on("buildx", "version", Answer("v0.36.1"))
    docker.on("imagetools", NOT_FOUND)
    kubectl.on("nodes", Answer(stderr="(Forbidden): no\n", exit_code=1))
    docker.on("--push", Answer(Metadata(f'{{"containerimage.digest": "{DIGEST}"}}')))
    return docker


def build(project: Project, *, dirty: bool = False, **changes: Any) -> Image:
    source = Source(created_by="ada@example.com", commit=project.head(), dirty=dirty)
    parameters = build_parameters(source=source, root=project.root, tag="tag", **changes)
    kubectl = Kubectl()
    return local.build(parameters, local.start_lookup(parameters, kubectl), kubectl, Output())


def test_builds_a_clean_checkout(project: Project, buildx: Program, tmp_path: Path) -> None:
    project.write(".gitignore", "*.log\n")
    project.commit()
    project.write("ignored.log")
    project.write("main.py", "changed")
    project.write("new.py")
    assert build(project) == Image(name="registry.example/app", digest=DIGEST)
    call = buildx.call("build", "--push")
    assert call.files == TREE | {".gitignore": ["-rw-r--r--", "*.log\n"]}
    assert call.flag("--tag") == "localhost:5000/app:tag"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_builds_the_working_tree_if_it_is_dirty(project: Project, buildx: Program) -> None:
    project.write("main.py", "changed")
    project.write("new.py", "new")
    build(project, dirty=True)
    found = buildx.call("--push").files
    assert found["main.py"] == ["-rw-r--r--", "changed"]
    assert found["new.py"] == ["-rw-r--r--", "new"]


def test_builds_from_the_context_and_the_dockerfile_asked_for(
    project: Project, buildx: Program
) -> None:
    project.write("app/docker/Dockerfile", "FROM x\n")
    project.commit()
    build(project, context="app", dockerfile="app/docker/Dockerfile", target="test")
    call = buildx.call("--push", "--target=test")
    assert list(call.files) == ["docker", "docker/Dockerfile"]
    assert Path(call.flag("--file")) == Path(call.argv[-1]) / "docker" / "Dockerfile"


def test_gives_the_image_its_labels(project: Project, buildx: Program) -> None:
    build(project, labels=(("title", "an app"),))
    assert buildx.call("--push", "--label=title=an app")


def test_builds_nothing_that_is_there(
    project: Project, buildx: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    buildx.on("imagetools", "localhost:5000/app:tag", Answer(inspected(DIGEST)))
    assert build(project).digest == DIGEST
    assert buildx.calls("--push") == []
    assert "localhost:5000/app:tag exists" in capsys.readouterr().err


OTHER = "sha256:" + "0" * 64


def test_says_why_it_is_not_known_what_is_there(
    project: Project, buildx: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "ERROR: failed to do request: connection refused"
    buildx.on("imagetools", Answer(stderr=f"{words}\n", exit_code=1))
    assert build(project).digest == DIGEST
    said = capsys.readouterr().err
    assert f"not known whether localhost:5000/app:tag exists: {words}" in said


@pytest.fixture
def on_a_laptop(monkeypatch: pytest.MonkeyPatch, kubectl: Program) -> None:
    """This machine is an arm64 one, the nodes are not."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    node = {"metadata": {"labels": {"kubernetes.io/arch": "amd64"}}}
    kubectl.on("nodes?", Answer(json.dumps({"items": [node]})))
    kubectl.on("nodes?", "kubernetes.io%2Farch%3Darm64", Answer('{"items": []}'))


@pytest.mark.usefixtures("on_a_laptop")
def test_builds_for_the_nodes_where_they_are_of_another_platform(
    project: Project, buildx: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    build(project)
    assert buildx.call("--push").flag("--platform") == "linux/amd64"
    assert "linux/amd64, the platform of the cluster's nodes" in capsys.readouterr().err


@pytest.mark.usefixtures("on_a_laptop")
@pytest.mark.parametrize("there", [False, True])
def test_an_image_for_another_platform_does_not_count(
    project: Project, buildx: Program, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    buildx.on("imagetools", "localhost:5000/app:tag", Answer(inspected(OTHER, "linux/arm64")))
    if there:
        buildx.on("imagetools", "localhost:5000/app:tag-amd64", Answer(inspected(DIGEST)))
    assert build(project).digest == DIGEST
    said = capsys.readouterr().err
    assert "localhost:5000/app:tag is for linux/arm64, not for linux/amd64" in said
    pushed = [call.flag("--tag") for call in buildx.calls("--push")]
    assert pushed == ([] if there else ["localhost:5000/app:tag-amd64"])


def test_an_image_for_one_of_several_platforms_does_not_count(
    project: Project, buildx: Program
) -> None:
    buildx.on("imagetools", "localhost:5000/app:tag", Answer(inspected(OTHER, "linux/amd64")))
    assert build(project, platform="linux/amd64,linux/arm64").digest == DIGEST
    assert buildx.call("--push").flag("--tag") == "localhost:5000/app:tag-amd64-arm64"


def test_an_index_with_the_platform_counts(project: Project, buildx: Program) -> None:
    buildx.on("imagetools", Answer(inspected(OTHER, "linux/arm64", "linux/amd64")))
    assert build(project, platform="linux/amd64").digest == OTHER


@pytest.mark.parametrize("rebuild", [False, True])
def test_what_another_build_has_pushed_meanwhile(
    project: Project, buildx: Program, rebuild: bool
) -> None:
    """Where a tag is written once: the second push is refused."""
    missing = [] if rebuild else [NOT_FOUND]
    buildx.on("imagetools", *missing, Answer(inspected(OTHER)))
    buildx.on("--push", Answer(stderr="tag is immutable\n", exit_code=1))
    if rebuild:
        with raises_code(ErrorCode.BUILD_FAILED, BuildError):
            build(project, rebuild=True)
    else:
        assert build(project).digest == OTHER


def test_builds_again_if_asked_to(project: Project, buildx: Program) -> None:
    buildx.on("imagetools", Answer(inspected("sha256:" + "0" * 64)))
    assert build(project, rebuild=True).digest == DIGEST
    assert len(buildx.calls("--push")) == 1


def test_says_that_buildx_is_not_there(project: Project, buildx: Program) -> None:
    words = "docker: unknown command: docker buildx\n"
    buildx.on("buildx", "version", Answer(stderr=words, exit_code=1))
    with raises_code(ErrorCode.DOCKER_WITHOUT_BUILDX, MissingProgramError):
        build(project)


def test_leaves_nothing_behind_after_a_failure(
    project: Project, buildx: Program, tmp_path: Path
) -> None:
    buildx.on("--push", Answer(exit_code=1))
    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(project)
    assert list((tmp_path / "tmp").iterdir()) == []


BEGUN = '#0 building with "local" instance using remote driver\n\n'
NOT_PUSHED = f"{BEGUN}#1 exporting to image\n#1 ERROR: failed to push localhost:5000/app: unknown\n"
NOT_BUILT = f"{BEGUN}#1 [2/2] RUN false\n#1 ERROR: exit code: 1\n"


@pytest.mark.parametrize("said", [NOT_PUSHED, NOT_BUILT])
def test_an_image_that_was_not_pushed_beside_its_cache_is_pushed_without_it(
    project: Project, buildx: Program, capfd: pytest.CaptureFixture[str], said: str
) -> None:
    buildx.on("--debug", "buildx", "inspect", Answer("Cache export: true\n"))
    built = Answer(Metadata(f'{{"containerimage.digest": "{DIGEST}"}}'))
    buildx.on("--push", Answer(stderr=said, exit_code=1), built)
    cache = BuildCache(tags=("cache-own",))
    if said == NOT_BUILT:
        with raises_code(ErrorCode.BUILD_FAILED, BuildError):
            build(project, cache=cache)
        return
    assert build(project, cache=cache).digest == DIGEST
    written = ["--cache-to=" in " ".join(call.argv) for call in buildx.calls("--push")]
    assert written == [True, False]
    assert "--cache-to=" in " ".join(buildx.call("--output=type=cacheonly").argv)
    assert "warning: pushing once more, and the build cache after it\n" in capfd.readouterr().err


def test_a_secret_may_be_as_large_as_buildkit_takes(project: Project, buildx: Program) -> None:
    secrets = (secret_values.build_secret("id=token,src=large"),)
    project.write("large", "x" * (500 << 10))
    build(project, secrets=secrets)
    assert buildx.call("--push").flag("--secret") == f"id=token,src={project.root}/large"
    project.write("large", "x" * ((500 << 10) + 1))
    with raises_code(ErrorCode.BUILD_SECRET_TOO_LARGE, UsageError) as refused:
        build(project, secrets=secrets)
    assert " token " in refused.value.message
    assert len(buildx.calls("--push")) == 1


def test_a_variable_is_a_secret_of_that_size_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARGE", "x" * (500 << 10))
    parameters = build_parameters(secrets=(secret_values.build_secret("id=token,env=LARGE"),))
    assert local._flags(parameters) == ["--secret=id=token,env=LARGE"]
    monkeypatch.setenv("LARGE", "ü" * (499 << 10))
    with raises_code(ErrorCode.BUILD_SECRET_TOO_LARGE, UsageError) as refused:
        local._flags(parameters)
    assert " token " in refused.value.message
