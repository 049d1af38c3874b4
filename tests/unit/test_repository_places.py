"""From where a repository is looked at, and where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_submit.cli import main as cli
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source import repository
from kubectl_submit.source.git_status import Changes, parse_status
from tests.errors import raises_code

from .repositories import Project, pushed


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


def test_from_a_worktree_of_a_bare_clone(project: Project, tmp_path: Path) -> None:
    origin = project.git("remote", "get-url", "origin")
    project.git("clone", "--quiet", "--bare", origin, str(tmp_path / "bare"))
    project.git("worktree", "add", "--quiet", str(tmp_path / "tree"), at=str(tmp_path / "bare"))
    snapshot = repository.inspect(tmp_path / "tree")
    assert (snapshot.root, snapshot.commit) == (tmp_path / "tree", project.head())


def test_from_a_hook_of_a_worktree(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """git tells a hook which repository it runs for; a submodule is another one."""
    lib = pushed(tmp_path / "lib", {"lib.py": "lib"})
    project.add_submodule(lib, "lib")
    project.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "side"))
    side = Project(tmp_path / "side")
    side.git("submodule", "--quiet", "update", "--init")
    side.write("lib/lib.py", "changed")
    side.commit(at="lib")
    side.commit()
    side.git("push", "--quiet", "origin", "HEAD:refs/heads/side")
    git_folder = side.git("rev-parse", "--absolute-git-dir")
    monkeypatch.setenv("GIT_DIR", git_folder)
    monkeypatch.setenv("GIT_INDEX_FILE", f"{git_folder}/index")
    monkeypatch.chdir(side.root)
    shown = ["--dry-run=client", "--build=local", "--image-repository=a.example/b", "--", "true"]
    assert cli.run(shown) == 125
    assert "the commit of 1 submodule is not on its remote: lib" in capsys.readouterr().err


def test_a_detached_head_has_no_branch(project: Project) -> None:
    project.git("checkout", "--quiet", "--detach")
    snapshot = repository.inspect(project.root)
    assert (snapshot.branch, snapshot.remote, snapshot.pushed) == ("", "origin", True)


def test_no_repository(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with raises_code(ErrorCode.NOT_A_REPOSITORY, RepositoryError) as refused:
            repository.inspect(folder)
        assert refused.value.message == f"{folder} is not in a git repository"
        assert "--image" in refused.value.remedy


def test_a_repository_that_is_broken(project: Project) -> None:
    project.write(".git/index", "no index")
    with raises_code(ErrorCode.GIT_FAILED, RepositoryError) as failed:
        repository.inspect(project.root)
    assert failed.value.message == "git status failed"
    assert "index" in failed.value.last_words


def test_no_commit(tmp_path: Path) -> None:
    with raises_code(ErrorCode.NO_COMMIT, RepositoryError) as refused:
        repository.inspect(Project(tmp_path / "new").root)
    assert refused.value.message == "the repository has no commit yet"


def test_a_bare_repository(project: Project) -> None:
    bare = Path(project.git("remote", "get-url", "origin"))
    with raises_code(ErrorCode.BARE_REPOSITORY, RepositoryError) as refused:
        repository.inspect(bare)
    assert refused.value.message == f"{bare} is a bare repository"


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
