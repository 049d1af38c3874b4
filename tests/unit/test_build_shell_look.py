"""What the shell script of the build Job does before it fetches, with a fake docker."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import embed

from .programs import Answer, Metadata, Program

DIGEST = "sha256:" + "5d" * 32
IMAGE = "registry.example/app:1"
# As BuildKit 0.32 says it.
NOT_FOUND = (
    f"ERROR: failed to solve: {IMAGE}: failed to resolve source metadata: {IMAGE}: not found"
)
OTHER = "WARN: InvalidBaseImagePlatform: Base image was pulled with platform linux/arm64"
NO_MATCH = "ERROR: failed to solve: no match for platform in manifest sha256:1: not found"
PROVENANCE = json.dumps({"materials": [{"digest": {"sha256": "5d" * 32}}]}, indent=2)


class Shell:
    """The script in folders of a test, as far as it gets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.message = folder / "termination-log"
        for name in ("build", "secret"):
            (folder / name).mkdir()

    def run(self, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
        text = embed.BUILD.text()
        for place in ("/build", "/run/user/1000/buildkit", "/dev/termination-log"):
            text = text.replace(f"{place}/", f"{self.folder}/{place.split('/')[-1]}/")
        text = text.replace("/dev/termination-log", str(self.message))
        environment = {
            "PATH": f"{os.environ['PATH']}:{os.defpath}",
            "IMAGE": IMAGE,
            "REBUILD": "",
            "BUILDER": "",
            "DOCKER_CONFIG": str(self.folder / "secret"),
            "GIT_SECRET": str(self.folder / "none"),
            "GIT_URL": str(self.folder / "no-repository"),
            "COMMIT": "1",
            "REF": "",
            "DOCKERFILE": "Dockerfile",
            "CONTEXT": ".",
            "CACHE_FROM": "",
            "CACHE_TO": "",
            "HOME": str(self.folder),
        }
        argv = [str(shutil.which("sh", path=os.defpath)), "-euc", text, "build", *flags]
        return subprocess.run(
            argv, env=environment | variables, capture_output=True, text=True, check=False
        )


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """The folder of a BuildKit's socket."""
    folder = tmp_path / "shell" / "buildkit"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder)  # the path of a socket is short
        listener.bind("buildkitd.sock")
        yield folder


@pytest.fixture
def shell(tmp_path: Path, listening: Path, docker: Program) -> Shell:
    """The script, with a docker that has nothing to say."""
    docker.on("create", Answer())
    return Shell(tmp_path / "shell")


def test_what_is_there_is_not_built(shell: Shell, docker: Program) -> None:
    docker.on("type=cacheonly", Answer(Metadata(PROVENANCE)))
    ran = shell.run("--build-arg=A=1", "--platform=linux/arm64", "--target=base", "--secret=id=x")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(shell.message.read_text()) == {"digest": DIGEST}
    asked = docker.call("type=cacheonly").argv
    assert "--platform=linux/arm64" in asked
    assert not {"--target=base", "--build-arg=A=1", "--secret=id=x"} & set(asked)


@pytest.mark.parametrize("words", [OTHER, NO_MATCH])
def test_an_image_for_another_platform_leaves_its_tag_alone(
    shell: Shell, docker: Program, words: str
) -> None:
    other = Answer(Metadata(PROVENANCE), stderr=words, exit_code=int(words == NO_MATCH))
    docker.on("type=cacheonly", other, Answer(Metadata(PROVENANCE)))
    ran = shell.run()
    assert ran.returncode == 0, ran.stderr
    machine = os.uname().machine.replace("x86_64", "amd64").replace("aarch64", "arm64")
    assert f"{IMAGE} is for another platform: using the tag 1-{machine}" in ran.stderr
    assert json.loads(shell.message.read_text()) == {"digest": DIGEST}


@pytest.mark.parametrize(
    ("words", "warned"), [(NOT_FOUND, False), ("ERROR: 401 Unauthorized", True)]
)
def test_only_what_is_not_there_is_built_without_a_word(
    shell: Shell, docker: Program, words: str, warned: bool
) -> None:
    docker.on("type=cacheonly", Answer(stderr=f"{words}\n", exit_code=1))
    ran = shell.run()
    assert ran.returncode != 0  # there is nothing to fetch
    warning = f"warning: building, as it is not known whether {IMAGE} exists: {words}"
    assert (warning in ran.stderr) == warned
    assert "no-repository" in ran.stderr


def test_a_rebuild_does_not_look(shell: Shell, docker: Program) -> None:
    assert shell.run(REBUILD="yes").returncode != 0
    assert docker.calls("type=cacheonly") == []


@pytest.mark.parametrize(
    ("configuration", "missing"),
    [
        ({"auths": {"registry.example": {"auth": "x"}}}, ""),
        ({"credHelpers": {"a.example": "a", "registry.example": "ecr-login"}}, "ecr-login"),
        ({"credHelpers": {"registry.example": "there"}, "credsStore": "desktop"}, ""),
        ({"auths": {}, "credsStore": "desktop"}, "desktop"),
        ({"credHelpers": {"a.example": "a"}}, ""),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_credential_helper_must_be_there(
    shell: Shell, docker: Program, tmp_path: Path, configuration: object, missing: str, indent: int
) -> None:
    docker.on("type=cacheonly", Answer(Metadata(PROVENANCE)))
    helper = tmp_path / "bin" / "docker-credential-there"
    helper.touch(mode=0o755)
    settings = shell.folder / "secret" / "config.json"
    settings.write_text(json.dumps(configuration, indent=indent))
    ran = shell.run()
    assert (ran.returncode == 0) is not bool(missing)
    assert (f"docker-credential-{missing}, which is not in" in ran.stderr) == bool(missing)
    assert (docker.all_calls == []) == bool(missing)


def test_waits_for_buildkit(shell: Shell, docker: Program, listening: Path) -> None:
    docker.on("type=cacheonly", Answer(Metadata(PROVENANCE)))
    there, away = listening / "buildkitd.sock", listening / "away"
    there.rename(away)
    later = threading.Timer(1, lambda: away.rename(there))
    later.start()
    assert shell.run().returncode == 0
    later.join()
