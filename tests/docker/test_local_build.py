"""A commit is built with docker buildx: exactly its files, once, and pushed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Repository, local, tags
from tests.docker.conftest import Build, files

BUILT = "exporting to image"
"""What BuildKit says when it builds."""


def state(folder: Path) -> dict[str, tuple[int, int, str]]:
    """All of a working copy, its .git included: modes, times and contents of the files."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, digest)
    return found


def test_the_image_holds_the_commit(
    repository: Repository, make_repository: Callable[[str], Repository], build: Build
) -> None:
    inner, library = make_repository("inner"), make_repository("library")
    inner.write("number.txt", "42\n")
    inner.commit()
    library.git("submodule", "--quiet", "add", inner.url, "inner")
    library.commit()
    repository.git("submodule", "--quiet", "add", library.url, "library")
    repository.git("submodule", "--quiet", "update", "--init", "--recursive")
    repository.write(".gitignore", "*.log\n")
    repository.write("run", "#!/bin/sh\n", executable=True)
    repository.write("src/ünïcödé and spaces\n.txt", "a name\n")
    (repository.folder / "link").symlink_to("run")
    repository.commit()
    repository.write("ignored.log", "not part of the commit\n")
    before = state(repository.folder)

    image = build(repository.folder)

    assert state(repository.folder) == before
    found = files(image)
    assert sorted(found) == [
        ".gitignore",
        ".gitmodules",
        "Dockerfile",
        "library",
        "library/.gitmodules",
        "library/Dockerfile",
        "library/inner",
        "library/inner/Dockerfile",
        "library/inner/number.txt",
        "link",
        "run",
        "src",
        "src/ünïcödé and spaces\n.txt",
    ]
    assert found["run"].mode == 0o755
    assert found["Dockerfile"].mode == 0o644
    assert found["link"].linkname == "run"


def test_the_modes_do_not_depend_on_the_umask(repository: Repository, build: Build) -> None:
    repository.write("src/file.txt", "content\n")
    repository.commit()

    umask = os.umask(0o077)
    try:
        found = files(build(repository.folder))
    finally:
        os.umask(umask)

    assert (found["src"].mode, found["src/file.txt"].mode) == (0o755, 0o644)


def test_a_commit_is_built_once(
    repository: Repository, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    commit = repository.commit()
    name = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY")

    first = build(repository.folder)
    output = capfd.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"building {name}:{commit}\n")
    assert BUILT in output.err
    in_registry = subprocess.run(
        ["crane", "digest", f"{name}:{commit}"], check=True, capture_output=True, text=True
    )
    assert first.reference == f"{name}@{in_registry.stdout.strip()}"

    second = build(repository.folder)
    assert second == first
    assert capfd.readouterr().err == f"image {name}:{commit} exists\n"

    third = build(repository.folder, rebuild=True)
    assert third == first
    assert BUILT in capfd.readouterr().err
    assert tags(commit) == [commit]


def test_the_same_commit_from_elsewhere(
    repository: Repository, build: Build, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository.write("src/deep/file.txt", "content\n")
    commit = repository.commit()
    image = build(repository.folder)
    worktree = tmp_path / "worktree"
    repository.git("worktree", "add", "--quiet", "--detach", str(worktree), commit)
    capfd.readouterr()

    for place in (repository.folder / "src" / "deep", worktree, worktree / "src" / "deep"):
        assert build(place) == image
    repository.git("checkout", "--quiet", "--detach")
    assert build(repository.folder) == image

    assert BUILT not in capfd.readouterr().err


def test_submodules_from_a_worktree(
    repository: Repository,
    make_repository: Callable[[str], Repository],
    build: Build,
    tmp_path: Path,
) -> None:
    library = make_repository("library")
    library.commit()
    repository.git("submodule", "--quiet", "add", library.url, "library")
    repository.commit()
    worktree = tmp_path / "worktree"
    repository.git("worktree", "add", "--quiet", "--detach", str(worktree))
    repository.git("submodule", "--quiet", "update", "--init", folder=worktree)

    assert "library/Dockerfile" in files(build(worktree))


def test_the_working_tree_as_it_is(repository: Repository, build: Build) -> None:
    repository.write("kept.txt", "kept\n")
    commit = repository.commit()
    repository.write("kept.txt", "changed a lot\n")
    repository.write("new.txt", "new\n")

    first = files(build(repository.folder, allow_dirty=True))
    repository.write("new.txt", "changed again\n")
    second = files(build(repository.folder, allow_dirty=True))

    assert sorted(first) == ["Dockerfile", "kept.txt", "new.txt"]
    assert first["kept.txt"].size == len("changed a lot\n")
    assert (first["new.txt"].size, second["new.txt"].size) == (len("new\n"), len("changed again\n"))
    (one, other) = tags(commit)
    assert one != other
    for tag in (one, other):
        assert re.fullmatch(f"{commit}-dirty-[a-z0-9]{{5}}", tag)


@pytest.mark.parametrize("name", [".dockerignore", "train/Dockerfile.gpu.dockerignore"])
def test_what_docker_is_to_ignore(repository: Repository, build: Build, name: str) -> None:
    """One beside the Dockerfile, with its name, goes before the one of the context."""
    repository.write(".dockerignore", "*.txt\n")
    repository.write("train/Dockerfile.gpu", "FROM scratch\nCOPY . /app/\n")
    repository.write("one.txt", "")
    repository.commit()
    repository.write(name, "*.log\n!.git")
    repository.write("one.log", "")

    found = files(build(repository.folder, dockerfile="train/Dockerfile.gpu", allow_dirty=True))

    assert "one.txt" in found
    assert "one.log" not in found
    assert [path for path in found if path.startswith(".git")] == []


def test_a_clean_working_tree_is_its_commit(repository: Repository, build: Build) -> None:
    commit = repository.commit()

    build(repository.folder, allow_dirty=True)

    assert tags(commit) == [commit]


def test_the_image_says_from_what_it_was_built(repository: Repository, build: Build) -> None:
    commit = repository.commit()
    image = build(repository.folder)
    config = subprocess.run(
        ["crane", "config", image.reference], check=True, capture_output=True, text=True
    )
    labels = json.loads(config.stdout)["config"]["Labels"]
    assert {name.removeprefix("org.opencontainers.image."): labels[name] for name in labels} == {
        "revision": commit,
        "source": repository.url,
        "title": repository.url.rpartition("/")[2].removesuffix(".git"),
    }
