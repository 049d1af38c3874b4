"""What else decides about the content of an image has a part in its tag."""

from __future__ import annotations

import re

from tests.conftest import Repository, local, tags
from tests.docker.conftest import Build, files


def dockerfile() -> str:
    return f"""\
FROM {local("LOCAL_PULL_REGISTRY")}/busybox:1 AS base
ARG FLAVOUR=plain
WORKDIR /app
RUN touch $FLAVOUR
FROM base AS test
RUN touch tested
FROM base
COPY . .
"""


def test_target_and_arguments(repository: Repository, build: Build) -> None:
    repository.write("Dockerfile", dockerfile())
    commit = repository.commit()

    default = build(repository.folder)
    target = build(repository.folder, target="test")
    argument = build(repository.folder, build_arg=(("FLAVOUR", "sour and sweet"),))

    assert sorted(files(default)) == ["Dockerfile", "plain"]
    assert sorted(files(target)) == ["plain", "tested"]
    assert sorted(files(argument)) == ["Dockerfile", "and", "sour", "sweet"]
    assert len({default.digest, target.digest, argument.digest}) == 3
    plain, *others = tags(commit)
    assert plain == commit
    assert len(others) == 2
    assert all(re.fullmatch(f"{commit}-[0-9a-f]{{8}}", tag) for tag in others)

    assert build(repository.folder, target="test") == target
    assert len(tags(commit)) == 3


def test_dockerfile_and_context(repository: Repository, build: Build) -> None:
    """Both are meant from the current folder; the context decides what COPY sees."""
    repository.write("train/Dockerfile.gpu", "FROM scratch\nCOPY . /app/\n")
    repository.write("train/model.py", "")
    commit = repository.commit()

    image = build(repository.folder / "train", dockerfile="Dockerfile.gpu", build_context=".")
    whole = build(repository.folder, dockerfile="train/Dockerfile.gpu")

    assert sorted(files(image)) == ["Dockerfile.gpu", "model.py"]
    assert sorted(files(whole)) == ["Dockerfile", "train", "train/Dockerfile.gpu", "train/model.py"]
    assert len(tags(commit)) == 2


def test_platform(repository: Repository, build: Build) -> None:
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app/\n")
    commit = repository.commit()

    image = build(repository.folder, platform="linux/arm64")

    assert sorted(files(image)) == ["Dockerfile"]
    assert tags(commit) != [commit]


def test_a_name_for_the_cluster(repository: Repository, build: Build) -> None:
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app/\n")
    repository.commit()

    image = build(repository.folder, pull_repository="registry.inside.example/app")

    assert re.fullmatch(r"registry\.inside\.example/app@sha256:[0-9a-f]{64}", image.reference)
