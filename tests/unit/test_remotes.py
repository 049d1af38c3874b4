"""Which remote has the commit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError, RepositoryError
from kubectl_submit.source import gate, repository, temporary_commit_check
from tests.errors import raises_code

from .repositories import Project, pushed


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


def test_a_remote_that_does_not_answer(project: Project) -> None:
    project.git("remote", "set-url", "origin", "/nowhere")
    project.git("update-ref", "-d", "refs/remotes/origin/main")
    snapshot = repository.inspect(project.root)
    assert (snapshot.pushed, snapshot.confirmed) == (False, True)
    assert "'/nowhere' does not appear to be a git repository" in snapshot.silence


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
    ("make", "remedy"),
    [
        (lambda project: None, "There is: origin."),
        (remotes(), "See `git remote add`."),
    ],
)
def test_a_remote_that_is_not_there(
    project: Project, make: Callable[[Project], None], remedy: str
) -> None:
    make(project)
    with raises_code(ErrorCode.NO_SUCH_REMOTE, RepositoryError) as refused:
        repository.inspect(project.root, "fork")
    assert refused.value.message == "there is no remote 'fork'"
    assert refused.value.remedy == remedy


FORK = [
    ("config", "remote.pushDefault", "fork"),
    ("config", "branch.main.pushRemote", "fork"),
    ("config", "branch.main.remote", "fork"),
]


@pytest.mark.parametrize("setting", FORK)
@pytest.mark.parametrize("known", [True, False], ids=["known here", "the server is asked"])
def test_a_commit_that_is_pushed_to_a_fork(
    project: Project, setting: tuple[str, ...], known: bool
) -> None:
    project.add_remote("fork")
    project.write("main.py", "changed")
    project.commit()
    project.git("push", "--quiet", "fork", "HEAD:refs/heads/mine")
    project.git(*setting)
    if not known:
        project.git("update-ref", "-d", "refs/remotes/fork/mine")
    snapshot = repository.inspect(project.root)
    assert (snapshot.remote, snapshot.pushed, snapshot.confirmed) == ("fork", True, not known)
    assert snapshot.url == project.git("remote", "get-url", "fork")


def test_a_commit_that_only_another_remote_has(project: Project) -> None:
    project.add_remote("a/b")
    project.write("main.py", "changed")
    project.commit()
    project.git("push", "--quiet", "a/b", "HEAD:main")
    assert repository.inspect(project.root).remote == "a/b"
    assert not repository.inspect(project.root, "origin").pushed


def test_a_commit_that_is_to_be_pushed(project: Project) -> None:
    """It is told where git would push it."""
    project.add_remote("fork")
    project.git("config", "remote.pushDefault", "fork")
    project.write("main.py", "changed")
    project.commit()
    snapshot = repository.inspect(project.root)
    assert (snapshot.remote, snapshot.pushed, snapshot.silence) == ("fork", False, "")


def test_a_submodule_whose_commit_is_not_pushed(project: Project, tmp_path: Path) -> None:
    lib = pushed(tmp_path / "lib", {"lib.py": "lib"})
    project.add_submodule(lib, "lib")
    project.add_submodule(lib, "none")
    project.git("submodule", "--quiet", "deinit", "none")
    first = repository.inspect(project.root)
    project.write("lib/lib.py", "changed")
    project.commit(at="lib")
    project.commit()
    project.push()
    second = repository.inspect(project.root)
    project.git("push", "--quiet", "origin", "HEAD:refs/heads/other", at="lib")
    project.git("update-ref", "-d", "refs/remotes/origin/other", at="lib")
    third = repository.inspect(project.root)
    snapshots = (first, second, third)
    assert [one.unpushed_submodules for one in snapshots] == [(), ("lib",), ()]
    shutil.rmtree(lib.git("remote", "get-url", "origin"))
    assert repository.inspect(project.root).unpushed_submodules == ()  # nobody knows
    with raises_code(ErrorCode.WORKING_TREE_SUBMODULE_CHANGED, GateError) as refused:
        temporary_commit_check.check(second, confirmed=False)
    assert refused.value.message.endswith(": lib")


def test_a_submodule_of_a_submodule_whose_commit_is_not_pushed(
    project: Project, tmp_path: Path
) -> None:
    lib = pushed(tmp_path / "lib", {"lib.py": "lib"})
    lib.add_submodule(pushed(tmp_path / "inner", {"inner.py": "inner"}), "inner")
    project.add_submodule(lib, "lib")
    project.git("submodule", "--quiet", "update", "--init", "--recursive")
    assert repository.inspect(project.root).unpushed_submodules == ()
    project.write("lib/inner/inner.py", "changed")
    project.commit(at="lib/inner")
    project.commit(at="lib")
    project.git("push", "--quiet", "origin", "HEAD:refs/heads/main", at="lib")
    project.commit()
    project.push()
    assert repository.inspect(project.root).unpushed_submodules == ("lib/inner",)


def test_a_repository_inside_that_has_no_url(project: Project, tmp_path: Path) -> None:
    project.add_submodule(pushed(tmp_path / "lib", {"lib.py": "lib"}), "lib")
    inside = Project(project.root / "inside")
    inside.write("a.py")
    inside.commit()
    project.commit()
    project.push()
    snapshot = repository.inspect(project.root)
    assert snapshot.repositories_without_url == ("inside",)
    with raises_code(ErrorCode.COMMIT_NOT_AVAILABLE, GateError) as refused:
        gate.check(snapshot)
    assert "empty folder for others: inside\n" in refused.value.last_words
    assert "--build local --allow-dirty" in refused.value.remedy
    shutil.rmtree(project.root / "inside")
    (project.root / "inside").mkdir()  # as everybody else has it
    gate.check(repository.inspect(project.root))


def test_the_default_branch_is_that_of_the_remote(project: Project) -> None:
    """What its HEAD names, as a clone has it; else main or master, if it has one."""
    assert repository.inspect(project.root).default_branch == "main"
    project.git("push", "--quiet", "origin", "HEAD:trunk", "HEAD:master")
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert repository.inspect(project.root).default_branch == "trunk"
    project.git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    project.git("update-ref", "-d", "refs/remotes/origin/main")
    assert repository.inspect(project.root).default_branch == "master"
    project.git("update-ref", "-d", "refs/remotes/origin/master")
    assert repository.inspect(project.root).default_branch == ""
