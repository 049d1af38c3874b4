"""Questions to git about real repositories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_submit import repository
from kubectl_submit.errors import RepositoryError
from kubectl_submit.repository import Changes, parse_status

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


def test_from_a_subfolder(project: Project) -> None:
    project.write("deep/er/a.py")
    project.commit()
    project.push()
    project.write("deep/b.py")
    snapshot = repository.inspect(project.root / "deep" / "er")
    assert snapshot.root == project.root
    assert snapshot.changes.untracked == ("deep/b.py",)


def test_from_a_worktree(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "new.py").touch()
    project.write("elsewhere.py")
    snapshot = repository.inspect(tmp_path / "side")
    assert (snapshot.root, snapshot.branch) == (tmp_path / "side", "side")
    assert snapshot.changes.untracked == ("new.py",)
    assert (snapshot.remote, snapshot.pushed) == ("origin", True)


def test_a_detached_head_has_no_branch(project: Project) -> None:
    project.git("checkout", "--quiet", "--detach")
    snapshot = repository.inspect(project.root)
    assert (snapshot.branch, snapshot.remote, snapshot.pushed) == ("", "origin", True)


def test_a_commit_that_is_not_pushed(project: Project) -> None:
    project.write("main.py", "changed")
    project.commit()
    assert not repository.inspect(project.root).pushed
    project.push()
    assert repository.inspect(project.root).pushed


def test_a_commit_below_what_is_pushed(project: Project) -> None:
    first = project.head()
    project.write("main.py", "changed")
    project.commit()
    project.push()
    project.git("checkout", "--quiet", first)
    assert repository.inspect(project.root).pushed


@pytest.mark.parametrize("tag", [("v1",), ("--annotate", "--message=first", "v1")])
def test_the_remote_is_asked_where_its_branches_are_not_known(
    project: Project, tag: tuple[str, ...]
) -> None:
    """As in a checkout that CI makes: one commit, no branches of the remote."""
    project.write("main.py", "changed")
    project.commit()
    assert not repository.inspect(project.root).pushed
    project.git("tag", *tag)
    project.git("push", "--quiet", "origin", "v1")
    assert repository.inspect(project.root).pushed


def test_a_remote_that_does_not_answer_has_nothing(project: Project) -> None:
    project.git("remote", "set-url", "origin", "/nowhere")
    project.git("update-ref", "-d", "refs/remotes/origin/main")
    assert not repository.inspect(project.root).pushed


def remotes(*names: str, follow: str = "") -> Callable[[Project], None]:
    def make(project: Project) -> None:
        project.git("remote", "remove", "origin")
        for name in names:
            project.add_remote(f"{name}")
        if follow:
            project.push(follow)

    return make


@pytest.mark.parametrize(
    ("make", "wanted", "remote"),
    [
        (remotes(), None, ""),
        (remotes("only"), None, "only"),
        (remotes("fork", "upstream"), None, ""),
        (remotes("fork", "upstream"), "fork", "fork"),
        (remotes("fork", "upstream", follow="upstream"), None, "upstream"),
        (remotes("fork", "upstream", follow="upstream"), "fork", "fork"),
    ],
)
def test_the_remote_is_the_one_asked_for_or_followed_or_origin_or_the_only_one(
    project: Project, make: Callable[[Project], None], wanted: str | None, remote: str
) -> None:
    make(project)
    snapshot = repository.inspect(project.root, wanted)
    assert snapshot.remote == remote
    assert snapshot.url.endswith(f"{remote}.remotes/project.git" if remote else "")


def test_origin_is_the_remote_among_others(project: Project) -> None:
    project.add_remote("fork")
    project.git("branch", "--unset-upstream")
    assert repository.inspect(project.root).remote == "origin"


def test_what_another_remote_has_does_not_count(project: Project) -> None:
    project.add_remote("fork")
    assert not repository.inspect(project.root, "fork").pushed


@pytest.mark.parametrize(
    ("make", "message", "remedy"),
    [
        (lambda project: None, "there is no remote 'fork'", "There is: origin."),
        (remotes(), "there is no remote 'fork'", "See `git remote add`."),
    ],
)
def test_a_remote_that_is_not_there(
    project: Project, make: Callable[[Project], None], message: str, remedy: str
) -> None:
    make(project)
    with pytest.raises(RepositoryError) as refused:
        repository.inspect(project.root, "fork")
    assert (refused.value.message, refused.value.remedy) == (message, remedy)


def test_no_repository(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RepositoryError, match="is not in a git repository") as refused:
            repository.inspect(folder)
        assert "--image" in refused.value.remedy


def test_no_commit(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="has no commit yet"):
        repository.inspect(Project(tmp_path / "new").root)


def test_a_bare_repository(project: Project) -> None:
    with pytest.raises(RepositoryError, match="is a bare repository"):
        repository.inspect(Path(project.git("remote", "get-url", "origin")))


def test_leaves_the_repository_as_it_is(with_lib: Project) -> None:
    with_lib.write("new.py")
    for path in ("main.py", "lib/lib.py"):  # so that git would like to refresh its index
        os.utime(with_lib.root / path, (1, 1))
    before = contents(with_lib.root)
    repository.inspect(with_lib.root)
    assert repository.is_tracked(with_lib.root, "main.py")
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
    assert repository.is_tracked(with_lib.root, path) is tracked


def test_the_email_of_whoever_runs_something_else(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository.user_email() == "ada@example.com"
    project.git("config", "user.email", "ada@work.example")
    assert repository.user_email() == "ada@work.example"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert repository.user_email() == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository.user_email() == ""


@pytest.mark.parametrize(
    ("text", "changes", "commit", "branch"),
    [
        ("# branch.oid (initial)\0# branch.head main\0", Changes(), "", "main"),
        ("# branch.oid 12ab\0# branch.head (detached)\0", Changes(), "12ab", ""),
        (
            "# branch.oid 12ab\0# branch.head a/b\0# branch.ab +1 -0\0? two words\0? a\nb\0",
            Changes(untracked=("two words", "a\nb")),
            "12ab",
            "a/b",
        ),
        (
            "1 .M N... 100644 100644 100644 00 00 two words\0"
            "u UU N... 100644 100644 100644 100644 00 00 00 in conflict\0"
            "1 .M S..U 160000 160000 160000 00 00 lib\0"
            "1 M. SC.. 160000 160000 160000 00 00 staged lib\0",
            Changes(tracked=("two words", "in conflict", "staged lib"), submodules=("lib",)),
            "",
            "",
        ),
    ],
)
def test_reads_a_status(text: str, changes: Changes, commit: str, branch: str) -> None:
    assert parse_status(text) == (changes, commit, branch)
