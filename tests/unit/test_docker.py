"""Calls of docker, against a fake one that says what docker buildx 0.36.1 said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kubectl_submit.build_backends import docker as calls
from kubectl_submit.build_backends import docker_flags
from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.cli.options.secret_values import BuildSecret
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, MissingProgramError
from kubectl_submit.output import Output
from tests.errors import raises_code

from .examples import inspected
from .programs import Answer, Metadata, Program

DIGEST = "sha256:6648c85d064d2d7d44f6d4bfb15f3dec4306d50e6724e12f2b6c39270710aa32"
METADATA = (Path(__file__).parent / "data" / "buildx-metadata.json").read_text()


def build(folder: Path, flags: list[str] | None = None) -> str:
    return calls.build_and_push(
        calls.BuildPaths(context=folder / "sub", dockerfile=folder / "sub" / "Dockerfile"),
        "localhost:5000/app:1",
        flags=flags or [],
        metadata=folder.parent / "metadata.json",
        log=BuildLines(Output(verbose=True)),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source" / "sub").mkdir(parents=True)
    return tmp_path / "source"


def test_a_build_is_what_is_asked_for(docker: Program, folder: Path) -> None:
    docker.on("buildx", "build", Answer(Metadata(METADATA)))
    assert build(folder, ["--target=test", "--build-arg=A=a b"]) == DIGEST
    argv = docker.call("build").argv
    assert argv[:3] == ["buildx", "build", "--push"]
    assert argv[-1] == str(folder / "sub")
    assert docker.call("build").flag("--tag") == "localhost:5000/app:1"
    assert docker.call("build").flag("--file") == str(folder / "sub" / "Dockerfile")
    assert docker.call("build").flag("--target") == "test"
    assert docker.call("build").flag("--build-arg") == "A=a b"
    assert "--provenance=false" in argv
    assert docker.call("build").flag("--progress") == "plain"


def test_what_buildx_says_goes_to_stderr(
    docker: Program, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    docker.on("build", Answer("out\n", Metadata(METADATA), stderr="#1 building\n"))
    build(folder)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "out\n#1 building\n")


def test_a_build_that_fails(docker: Program, folder: Path) -> None:
    docker.on("build", Answer(stderr="ERROR: no\n", exit_code=17))
    with raises_code(ErrorCode.BUILD_FAILED, BuildError) as failed:
        build(folder)
    assert failed.value.message == "the image build failed: docker buildx exited 17"
    assert failed.value.remedy == "Its last lines are above; --verbose shows all of them."


@pytest.mark.parametrize("parts", [(), (Metadata("{}"),), (Metadata(""),)])
def test_a_build_that_pushed_nothing(
    docker: Program, folder: Path, parts: tuple[Metadata, ...]
) -> None:
    docker.on("build", Answer(*parts))
    with raises_code(ErrorCode.NO_IMAGE_DIGEST, BuildError):
        build(folder)


@pytest.mark.parametrize(
    "metadata",
    ["", "{", "[]", "null", "{}", '{"containerimage.config.digest": "sha256:00"}'],
)
def test_metadata_without_a_digest(metadata: str) -> None:
    with raises_code(ErrorCode.NO_IMAGE_DIGEST, BuildError) as failed:
        calls.pushed_digest(metadata)
    assert failed.value.message == "docker buildx pushed nothing: no digest in its metadata"


def test_the_digest_is_that_of_what_was_pushed() -> None:
    assert calls.pushed_digest(METADATA) == DIGEST
    assert json.loads(METADATA)["containerimage.config.digest"] != DIGEST


@pytest.mark.parametrize(
    ("answer", "digest"),
    [
        (Answer(inspected(DIGEST)), DIGEST),
        (Answer(inspected(DIGEST, "linux/amd64", "linux/arm64")), DIGEST),
        (Answer(stderr="ERROR: localhost:5000/app:1: not found\n", exit_code=1), ""),
        (Answer(inspected(DIGEST), exit_code=1), ""),
        (Answer("docker: 'buildx' is not a docker command\n"), ""),
        (Answer(), ""),
    ],
)
def test_the_digest_of_a_tag(docker: Program, answer: Answer, digest: str) -> None:
    docker.on("imagetools", "inspect", "localhost:5000/app:1", answer)
    assert calls.digest("localhost:5000/app:1") == digest


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        ("ERROR: localhost:5000/app:1: not found", ""),
        ("WARNING: x\nERROR: 401 Unauthorized", "ERROR: 401 Unauthorized"),
        ("", "docker says nothing"),
    ],
)
def test_what_is_not_there_is_no_trouble(docker: Program, words: str, trouble: str) -> None:
    docker.on("imagetools", Answer(stderr=words, exit_code=1))
    assert calls.start_finding("localhost:5000/app:1").result() == calls.Found(trouble=trouble)


@pytest.mark.parametrize(
    "words",
    ["docker: 'buildx' is not a docker command.\n", "docker: unknown command: docker buildx\n"],
)
def test_docker_without_buildx(docker: Program, words: str) -> None:
    docker.on("buildx", "version", Answer(stderr=words, exit_code=1))
    with raises_code(ErrorCode.DOCKER_WITHOUT_BUILDX, MissingProgramError) as missing:
        calls.check()
    assert missing.value.message == "docker has no buildx"
    assert missing.value.last_words == words.strip()
    assert "--build remote" in missing.value.remedy


def test_docker_that_is_podman(docker: Program) -> None:
    docker.on("buildx", "version", Answer("buildah 1.42.0\n", stderr="Emulate Docker CLI\n"))
    with raises_code(ErrorCode.DOCKER_IS_PODMAN, MissingProgramError) as missing:
        calls.check()
    assert missing.value.message == "docker is podman here, which has no buildx"
    assert "--build remote" in missing.value.remedy


def test_docker_that_does_not_work(docker: Program) -> None:
    words = 'unable to resolve docker endpoint: context "nope" does not exist'
    docker.on("buildx", "version", Answer(stderr=f"{words}\n", exit_code=1))
    with raises_code(ErrorCode.DOCKER_NOT_WORKING, BuildError) as failed:
        calls.check()
    assert failed.value.message == "docker does not work"
    assert failed.value.last_words == words
    assert "Install" not in failed.value.remedy


def test_docker_with_buildx(docker: Program) -> None:
    docker.on("buildx", "version", Answer("github.com/docker/buildx v0.36.1\n"))
    calls.check()
    assert calls.installed()


def test_no_docker() -> None:
    assert not calls.installed()
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError) as missing:
        calls.check()
    assert missing.value.message.startswith("docker ")


@pytest.mark.parametrize(
    ("target", "arguments", "platform", "flags"),
    [
        (None, (), None, []),
        ("test", (), "linux/arm64", ["--target=test", "--platform=linux/arm64"]),
        (None, (("B", "2"), ("A", "a=b c")), None, ["--build-arg=B=2", "--build-arg=A=a=b c"]),
    ],
)
def test_flags_that_decide_what_is_in_the_image(
    target: str | None,
    arguments: tuple[tuple[str, str], ...],
    platform: str | None,
    flags: list[str],
) -> None:
    assert docker_flags.build_flags(target, arguments, platform) == flags


@pytest.mark.parametrize(
    "file",
    ["/tmp/token", "/tmp/co,ma/tok", '/tmp/a"b', '"', "/tmp/a,id=b", "a\nb", " a ", "/tmp/a=b"],
)
def test_a_secrets_path_is_one_field(file: str) -> None:
    flag = docker_flags.secret_flag(BuildSecret(id="token", file="x"), file)
    [fields] = csv.reader([flag.removeprefix("--secret=")], strict=True)
    assert fields == ["id=token", f"src={file}"]


def test_a_plain_path_is_not_quoted() -> None:
    flag = docker_flags.secret_flag(BuildSecret(id="token", file="x"), "/run/build-secrets/0")
    assert flag == "--secret=id=token,src=/run/build-secrets/0"
    flag = docker_flags.secret_flag(BuildSecret(id="token", variable='A"B'), "")
    assert flag == '--secret=id=token,"env=A""B"'
