"""Questions to git about real repositories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source import repository, tracked_files
from kubectl_submit.source.git_status import Changes
from tests.errors import raises_code

from .repositories import Project, contents, pushed

STRANGE_NAMES = ["two words", "ünï", "line\nbreak", "tab\t", '"quoted"', "-dash", "\udcff", "\n"]


def test_a_clean_pushed_commit(project: Project) -> None:
    snapshot = repository.inspect(project.root)
    assert snapshot.root == project.root
    assert snapshot.commit == project.head()
    assert snapshot.branch == "main"
    assert snapshot.remote == "origin"
    assert snapshot.url == project.git("remote", "get-url", "origin")
    assert snapshot.pushed
    assert snapshot.email == "ada@example.com"
    assert snapshot.changes == Changes()


@pytest.fixture(scope="module")
def with_lib_original(tmp_path_factory: pytest.TempPathFactory, git: None) -> Project:
    folder = tmp_path_factory.mktemp("with-lib")
    project = pushed(folder / "project", {"main.py": "print('hello')\n"})
    project.add_submodule(pushed(folder / "lib", {"lib.py": "text"}), "lib")
    return project


@pytest.fixture
def with_lib(with_lib_original: Project, tmp_path: Path) -> Project:
    """A project with a submodule."""
    return with_lib_original.copy(tmp_path / "project")


def rename(project: Project) -> None:
    project.git("mv", "main.py", "moved.py")


def conflict(project: Project) -> None:
    project.git("checkout", "--quiet", "-b", "other")
    project.write("main.py", "theirs\n")
    project.commit()
    project.git("checkout", "--quiet", "main")
    project.write("main.py", "ours\n")
    project.commit()
    project.git("read-tree", "-m", "HEAD~", "HEAD", "other")
    assert "unmerged" in project.git("status", "--long") or "Unmerged" in project.git("status")


def test_a_question_that_git_does_not_answer(project: Project) -> None:
    project.write(".git/index", "of another program\n")
    with raises_code(ErrorCode.GIT_FAILED, RepositoryError) as failed:
        tracked_files.is_tracked(project.root, "main.py")
    assert "git ls-files " in failed.value.message


@pytest.mark.parametrize(
    ("change", "tracked", "untracked"),
    [
        (lambda project: project.write("main.py", "changed"), ("main.py",), ()),
        (lambda project: project.write("main.py", "print('hello')\n", 0o755), ("main.py",), ()),
        (lambda project: (project.root / "main.py").unlink(), ("main.py",), ()),
        (lambda project: project.git("rm", "--cached", "--quiet", "main.py"),
         ("main.py",), ("main.py",)),
        (rename, ("main.py", "moved.py"), ()),
        (conflict, ("main.py",), ()),
        (lambda project: project.write("new.py"), (), ("new.py",)),
        (lambda project: project.write("new/a.py"), (), ("new/",)),
        (lambda project: (project.write("new.py"), project.git("add", "new.py")), ("new.py",), ()),
        (lambda project: project.git("config", "status.showUntrackedFiles", "no"), (), ()),
    ],
    ids=["changed", "mode", "deleted", "removed from the index", "renamed", "in conflict",
         "untracked", "untracked folder", "staged", "as configured"],
)  # fmt: skip
def test_sees_what_is_not_committed(
    project: Project,
    change: Callable[[Project], object],
    tracked: tuple[str, ...],
    untracked: tuple[str, ...],
) -> None:
    change(project)
    assert repository.inspect(project.root).changes == Changes(tracked=tracked, untracked=untracked)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_sees_files_of_any_name(project: Project, name: str) -> None:
    project.write(name)
    assert repository.inspect(project.root).changes.untracked == (name,)
    project.commit()
    project.write(name, "changed")
    assert repository.inspect(project.root).changes.tracked == (name,)


def test_sees_untracked_files_whatever_the_user_prefers(project: Project) -> None:
    project.git("config", "status.showUntrackedFiles", "no")
    project.git("config", "status.relativePaths", "true")
    project.write("folder/tracked.py")
    project.commit()
    project.write("folder/new.py")
    changes = repository.inspect(project.root / "folder").changes
    assert changes == Changes(untracked=("folder/new.py",))


def test_does_not_mind_what_git_ignores(project: Project) -> None:
    project.write(".gitignore", "*.log\n")
    project.commit()
    project.write("a.log")
    assert repository.inspect(project.root).changes == Changes()


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write("lib/lib.py", "changed"),
        lambda project: project.write("lib/new.py"),
        lambda project: (project.write("lib/lib.py", "changed"), project.commit(at="lib")),
    ],
    ids=["changed inside", "untracked inside", "new commit inside"],
)
@pytest.mark.parametrize("ignored", [False, True])
def test_sees_changes_in_submodules(
    with_lib: Project, change: Callable[[Project], object], ignored: bool
) -> None:
    if ignored:
        with_lib.git("config", "submodule.lib.ignore", "all")
    change(with_lib)
    assert repository.inspect(with_lib.root).changes == Changes(submodules=("lib",))


def test_a_submodule_that_is_staged_is_a_tracked_change(with_lib: Project) -> None:
    assert repository.inspect(with_lib.root).changes == Changes()
    with_lib.write("lib/lib.py", "changed")
    with_lib.commit(at="lib")
    with_lib.git("add", "lib")
    assert repository.inspect(with_lib.root).changes == Changes(tracked=("lib",))


def test_leaves_the_repository_as_it_is(with_lib: Project) -> None:
    with_lib.write("new.py")
    for path in ("main.py", "lib/lib.py"):  # so that git would like to refresh its index
        os.utime(with_lib.root / path, (1, 1))
    before = contents(with_lib.root)
    repository.inspect(with_lib.root)
    assert tracked_files.is_tracked(with_lib.root, "main.py")
    assert contents(with_lib.root) == before


def test_starts_no_program_of_the_repository(project: Project, tmp_path: Path) -> None:
    project.write(".git/monitor", f"#!/bin/sh\n: > {tmp_path / 'monitor-ran'}\n", 0o755)
    project.git("config", "core.fsmonitor", ".git/monitor")
    repository.inspect(project.root)
    assert not (tmp_path / "monitor-ran").exists()


@pytest.mark.parametrize(
    ("path", "tracked"),
    [("main.py", True), ("lib/lib.py", True), ("ignored.log", False), ("missing", False)],
)
def test_what_is_tracked(with_lib: Project, path: str, tracked: bool) -> None:
    with_lib.write(".gitignore", "*.log\n")
    with_lib.write("ignored.log")
    assert tracked_files.is_tracked(with_lib.root, path) is tracked
