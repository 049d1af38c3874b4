"""A registry whose tags are never changed (as those of ECR can be), before the local one."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_submit.build_backends import docker
from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.output import Output
from kubectl_submit.process.pending import Pending
from tests.conftest import Repository, local, tags
from tests.docker.conftest import Build
from tests.errors import raises_code
from tests.registry_proxy import WrittenOnce, serving


@pytest.fixture
def written_once() -> Iterator[str]:
    """The name of a repository in that registry."""
    path = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[2]
    with serving(WrittenOnce) as registry:
        yield f"{registry}/{path}"


def test_who_loses_the_race_takes_what_is_there(
    repository: Repository,
    build: Build,
    written_once: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app/\n")
    commit = repository.commit()
    other = tmp_path / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM scratch\nCOPY . /other/\n", encoding="utf-8")
    looked = docker.start_finding

    def pushed_after_the_look(reference: str, patience: float = math.inf) -> object:
        """Somebody else has the same commit built, and is faster."""
        monkeypatch.setattr(docker, "start_finding", looked)
        asked = looked(reference, patience)
        answer = asked.result()
        theirs = docker.build_and_push(
            docker.BuildPaths(context=other, dockerfile=other / "Dockerfile"),
            reference,
            flags=[],
            metadata=tmp_path / "m",
            log=BuildLines(Output()),
        )
        first.append(theirs)
        return Pending(lambda: answer)

    first: list[str] = []
    monkeypatch.setattr(docker, "start_finding", pushed_after_the_look)

    second = build(repository.folder, image_repository=written_once)

    assert [second.digest] == first
    assert tags(commit) == [commit]
    with raises_code(ErrorCode.BUILD_FAILED, BuildError):
        build(repository.folder, image_repository=written_once, rebuild=True)


def test_the_cache_stays_as_it_is(
    repository: Repository,
    build: Build,
    written_once: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """There is one warning, and the image is built."""
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app/\n")
    repository.git("switch", "--quiet", "--create", f"branch-{uuid.uuid4().hex[:8]}")
    repository.commit()
    first = build(repository.folder, image_repository=written_once)
    assert "warning: " not in capfd.readouterr().err
    repository.write("new.txt", "new\n")
    repository.commit()

    second = build(repository.folder, image_repository=written_once)

    assert first != second
    said = capfd.readouterr().err
    assert said.count("warning: ") == said.count("was not written: its reason is above") == 1
    assert "immutable tag" in said
