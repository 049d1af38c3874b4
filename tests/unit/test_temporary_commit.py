"""Commits that a remote has for a while, made and pushed by real git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError, RepositoryError
from kubectl_submit.output import Output
from kubectl_submit.source import (
    repository,
    temporary_commit,
    temporary_commit_check,
    temporary_refs,
    tracked_files,
)
from kubectl_submit.source.temporary_commit import TemporaryCommit
from kubectl_submit.source.temporary_refs import LeftoverRefs
from tests.conftest import eventually
from tests.errors import raises_code
from tests.working_copy import write_hook

from .repositories import Project, contents, pushed

NOBODY_ELSE = "refs/kubectl-submit"


def refs(project: Project) -> list[str]:
    """What the remote has besides branches."""
    return project.git("ls-remote", "origin", f"{NOBODY_ELSE}/*").splitlines()


def lent_files(project: Project) -> dict[str, str]:
    """Lend the working tree; what its commit has, as whoever fetches it sees it."""
    base = project.head()
    with temporary_commit.push_temporarily(project.root, "origin", base, Output()) as lent:
        assert refs(project) == [f"{lent.commit}\t{lent.ref}"]
        bare = project.git("remote", "get-url", "origin")
        assert project.git("rev-parse", f"{lent.commit}^", at=bare) == base
        names = project.git("ls-tree", "-r", "--name-only", lent.commit, at=bare).splitlines()
        return {name: project.git("show", f"{lent.commit}:{name}", at=bare) for name in names}


def test_the_working_tree_as_it_is(project: Project) -> None:
    project.write("kept.py", "kept")
    project.write("deleted.py")
    project.write("staged.py", "before")
    project.write(".gitignore", "ignored\n")
    project.commit()
    project.push()
    (project.root / "deleted.py").unlink()
    project.write("staged.py", "staged")
    project.git("add", "staged.py")
    project.write("staged.py", "after")
    project.write("main.py", "changed")
    project.write("deep/new file", "new")
    project.write("ignored", "ignored")

    files = lent_files(project)

    del files["Dockerfile"]
    assert files == {
        ".gitignore": "ignored",
        "deep/new file": "new",
        "kept.py": "kept",
        "main.py": "changed",
        "staged.py": "after",
    }
    assert refs(project) == []


def test_a_commit_that_nobody_else_has(project: Project) -> None:
    project.write("main.py", "committed")
    project.commit()
    assert lent_files(project)["main.py"] == "committed"


def test_new_files_beside_those_of_a_sparse_checkout(project: Project) -> None:
    for path in ("kept/a", "left/b"):
        project.write(path)
    project.commit()
    project.git("sparse-checkout", "set", "kept")
    project.write("left/new")
    assert {"kept/a", "left/b", "left/new"} <= set(lent_files(project))


def test_names_that_are_not_utf8(project: Project) -> None:
    for name in (b"caf\xe9", b"na\xefve"):
        (project.root / os.fsdecode(name)).write_text("new")
    temporary_commit_check.check(repository.inspect(project.root), confirmed=False)
    project.commit()
    (project.root / os.fsdecode(b"caf\xe9")).write_text("changed")
    project.git("config", "core.quotePath", "false")
    project.git("checkout", "--quiet", "-b", os.fsdecode(b"caf\xe9"))
    snapshot = repository.inspect(project.root)
    temporary_commit_check.check(snapshot, confirmed=False)
    # Kubernetes takes no other text.
    assert snapshot.branch.encode() == "caf\ufffd".encode()
    assert "caf\ufffd | 2" in tracked_files.changes_stat(project.root)


def untouched(project: Project) -> dict[str, tuple[int, int, bytes]]:
    """All of a project; of objects not when git last met them, which keeps them from pruning."""
    return {
        path: (mode, 0 if path.startswith(".git/objects/") else time, data)
        for path, (mode, time, data) in contents(project.root).items()
    }


def test_nothing_changes_here(project: Project, tmp_path: Path) -> None:
    project.write("main.py", "stashed")
    project.git("stash")
    for hook in ("post-commit", "pre-push", "post-index-change", "reference-transaction"):
        ran = f"#!/bin/sh\ntouch {tmp_path}/ran\n"
        project.write(f".git/hooks/{hook}", ran, mode=0o755)
    project.write("main.py", "changed")
    project.write("new.py")
    before = untouched(project)

    lent_files(project)

    assert untouched(project) == before
    assert not (tmp_path / "ran").exists()
    assert list(tmp_path.glob("kubectl-submit-*")) == []


def test_from_a_worktree(project: Project, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other: tree"))
    other = Project(tmp_path / "other: tree")
    other.write("main.py", "other")
    assert lent_files(other)["main.py"] == "other"


def test_it_is_taken_back_after_an_error(project: Project) -> None:
    lending = temporary_commit.push_temporarily(project.root, "origin", project.head(), Output())
    lending.__enter__()
    assert len(refs(project)) == 1
    lending.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert refs(project) == []


def test_two_do_not_share_one(project: Project) -> None:
    def lend() -> TemporaryCommit:
        with temporary_commit.push_temporarily(
            project.root, "origin", project.head(), Output()
        ) as lent:
            return lent

    assert lend() != lend()


def hook(project: Project, name: str, script: str) -> None:
    """Give the remote a hook."""
    write_hook(Path(project.git("remote", "get-url", "origin")), name, script)


def test_a_remote_that_does_not_take_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    hook(project, "update", "case $1 in refs/heads/*) ;; *) echo no such refs >&2; exit 1;; esac\n")
    lending = temporary_commit.push_temporarily(
        project.root, "origin", project.head(), Output(quiet=True)
    )
    with raises_code(ErrorCode.WORKING_TREE_PUSH_REFUSED, RepositoryError) as refused:
        lending.__enter__()
    assert refused.value.message == "the remote origin does not take the working tree"
    assert "no such refs" in refused.value.last_words
    assert "--build local --allow-dirty" in refused.value.remedy
    assert capsys.readouterr().err == ""


def test_a_remote_that_cannot_be_reached(project: Project) -> None:
    project.git("remote", "set-url", "--push", "origin", "http://127.0.0.1:9/app.git")
    lending = temporary_commit.push_temporarily(
        project.root, "origin", project.head(), Output(quiet=True)
    )
    with raises_code(ErrorCode.WORKING_TREE_PUSH_REFUSED, RepositoryError) as refused:
        lending.__enter__()
    assert "unable to access" in refused.value.last_words
    assert "`git push --dry-run origin` must work" in refused.value.remedy
    assert "to a branch" not in refused.value.remedy


def test_a_remote_that_does_not_give_it_back(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    hook(project, "update", "case $3 in *[!0]*) ;; *) echo no way >&2; exit 1;; esac\n")
    with temporary_commit.push_temporarily(
        project.root, "origin", project.head(), Output(quiet=True)
    ) as lent:
        pass
    said = capsys.readouterr().err
    assert said.startswith(f"warning: {lent.ref} stays on origin\n")
    assert "no way" in said
    assert said.endswith(f"Delete it: git push origin :{lent.ref}\n")


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        (".env", "looks like a secret"),
        ("conf/.env.local", "looks like a secret"),
        ("server.PEM", "looks like a secret"),
        ("deep/id_rsa", "looks like a secret"),
        (".git-credentials", "looks like a secret"),
        ("web/.npmrc", "looks like a secret"),
        (".pypirc", "looks like a secret"),
        ("kubeconfig", "looks like a secret"),
        (".aws/credentials", "looks like a secret"),
        ("putty.ppk", "looks like a secret"),
        ("large", "is large: 101 MB"),
        ("environment.py", ""),
        ("ignored/.env", ""),
        ("credentials.py", ""),
    ],
)
def test_secrets_and_large_files_that_are_not_in_git_need_a_yes(
    project: Project, name: str, doubt: str
) -> None:
    project.write(".gitignore", "ignored\n")
    project.commit()
    path = project.write(name)
    if name == "large":
        with path.open("wb") as file:
            file.truncate(101_000_000)
    snapshot = repository.inspect(project.root)
    temporary_commit_check.check(snapshot, confirmed=True)
    if not doubt:
        temporary_commit_check.check(snapshot, confirmed=False)
        return
    with raises_code(ErrorCode.WORKING_TREE_DOUBTFUL_FILES, GateError) as refused:
        temporary_commit_check.check(snapshot, confirmed=False)
    assert f"- {name} {doubt}" in refused.value.last_words
    assert "--yes" in refused.value.remedy


@pytest.mark.parametrize("add", [["add"], ["add", "--intent-to-add"], ["add", "--force"], ["mv"]])
def test_secrets_that_are_only_staged_need_a_yes(project: Project, add: list[str]) -> None:
    project.write(".gitignore", ".env\n" if "--force" in add else "")
    project.write("old", "text that git would know again\n" * 9)
    project.commit()
    if add == ["mv"]:
        project.git("config", "diff.renames", "copies")
        project.git("mv", "old", ".env")
    else:
        project.write(".env")
        project.git(*add, ".env")
    snapshot = repository.inspect(project.root)
    temporary_commit_check.check(snapshot, confirmed=True)
    with raises_code(ErrorCode.WORKING_TREE_DOUBTFUL_FILES, GateError) as refused:
        temporary_commit_check.check(snapshot, confirmed=False)
    told = "in no commit, and perhaps not meant for the remote and the image"
    assert refused.value.message == told
    assert "- .env looks like a secret" in refused.value.last_words
    assert "git rm --cached" in refused.value.remedy


def test_secrets_that_are_committed_need_no_yes(project: Project) -> None:
    project.write(".env")
    project.commit()
    project.write(".env", "changed")
    project.write("deleted.pem")
    project.git("add", ".env", "deleted.pem")
    (project.root / "deleted.pem").unlink()
    temporary_commit_check.check(repository.inspect(project.root), confirmed=False)
    project.write("new.pem")
    with raises_code(ErrorCode.WORKING_TREE_DOUBTFUL_FILES, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=False)
    assert refused.value.last_words == "  - new.pem looks like a secret"


@pytest.mark.parametrize("asked", ["ls-files", "diff"])
def test_git_that_does_not_tell_what_is_new(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    snapshot = repository.inspect(project.root)
    git = shutil.which("git")
    (tmp_path / "odd").mkdir()
    fails = f"[ $1 != {asked} ] || {{ echo fatal: no index >&2; exit 128; }}"
    (tmp_path / "odd" / "git").write_text(f'#!/bin/sh\n{fails}\nexec {git} "$@"\n')
    (tmp_path / "odd" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/odd", prepend=os.pathsep)
    with raises_code(ErrorCode.GIT_FAILED, RepositoryError) as failed:
        temporary_commit_check.check(snapshot, confirmed=False)
    assert failed.value.message == f"git {asked} failed"
    assert failed.value.last_words == "fatal: no index"


def test_a_repository_inside(project: Project) -> None:
    pushed(project.root / "inside", {"a": "a"})
    with raises_code(ErrorCode.WORKING_TREE_NESTED_REPOSITORY, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=True)
    told = "a repository inside this one cannot be pushed with the working tree: inside/"
    assert refused.value.message == told


def test_a_repository_inside_that_is_committed(project: Project) -> None:
    inside = Project(project.root / "inside")
    inside.write("a.py")
    inside.commit()
    project.commit()
    with raises_code(ErrorCode.WORKING_TREE_NESTED_REPOSITORY, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=True)
    assert refused.value.message.endswith(": inside")


def test_a_submodule_that_has_changed(project: Project, tmp_path: Path) -> None:
    project.add_submodule(pushed(tmp_path / "lib", {"lib.py": "text"}), "lib")
    project.write("lib/lib.py", "changed")
    with raises_code(ErrorCode.WORKING_TREE_SUBMODULE_CHANGED, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=True)
    told = "changes inside a submodule cannot be pushed with the working tree: lib"
    assert refused.value.message == told


def test_without_a_remote(project: Project) -> None:
    project.git("remote", "remove", "origin")
    with raises_code(ErrorCode.WORKING_TREE_WITHOUT_REMOTE, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=True)
    assert refused.value.message == "there is no remote to push the working tree to"


def lend(project: Project) -> TemporaryCommit:
    with temporary_commit.push_temporarily(
        project.root, "origin", project.head(), Output()
    ) as lent:
        return lent


def put_ref(project: Project, ref: str) -> None:
    project.git("push", "--quiet", "origin", f"HEAD:{ref}")


def test_what_a_client_that_was_killed_has_left(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one deletes what is its user's and older than any build; others' it leaves alone."""
    own, commit = temporary_refs.own_prefix(), project.head()
    new = temporary_refs.new(commit)
    others = f"{temporary_refs.PREFIX}{'0' * 12}/20200101T000000Z-{commit}"
    old_form = temporary_refs.PREFIX + commit
    put_ref(project, f"{own}20200101T000000Z-{commit}")
    for ref in (new, others, old_form):
        put_ref(project, ref)
    asked = LeftoverRefs.refs
    monkeypatch.setattr(LeftoverRefs, "refs_so_far", asked)  # the remote is quick
    lend(project)
    assert sorted(ref.split("\t")[1] for ref in refs(project)) == sorted([new, others, old_form])
    assert sorted(LeftoverRefs(project.root, "origin").refs()) == sorted([others, old_form])


def test_nobody_waits_for_what_was_left(project: Project) -> None:
    asked = LeftoverRefs(project.root, "origin")
    eventually(asked._asked.ended, "the remote has answered")
    assert asked.refs_so_far() == []
    never = LeftoverRefs(project.root, "origin")
    never._asked.stop()
    assert never.refs_so_far() == []


def test_a_remote_that_does_not_tell_what_was_left(project: Project) -> None:
    project.git("remote", "set-url", "origin", "/nowhere")
    with raises_code(ErrorCode.REMOTE_NOT_ANSWERING, RepositoryError) as silent:
        LeftoverRefs(project.root, "origin").refs()
    assert silent.value.message == "the remote origin does not answer"
    asked = LeftoverRefs(project.root, "origin")
    eventually(asked._asked.ended, "git has ended")
    assert asked.refs_so_far() == []


def test_a_ref_says_whose_it_is_without_a_name(project: Project) -> None:
    lent = lend(project)
    assert temporary_refs.FORM.fullmatch(lent.ref)
    assert lent.ref.startswith(temporary_refs.own_prefix())
    project.git("config", "user.email", "grace@example.com")
    assert not lent.ref.startswith(temporary_refs.own_prefix())


@pytest.mark.parametrize("tracked", [True, False])
def test_changed_files_of_git_lfs(project: Project, tracked: bool) -> None:
    """The remote would have their pointers alone."""
    project.write(".gitattributes", "*.bin filter=lfs\n")
    project.write("gone.bin")
    if tracked:
        project.write("two words.bin")
    project.commit()
    project.push()
    (project.root / "gone.bin").unlink()
    project.write("main.py", "changed")
    temporary_commit_check.check(repository.inspect(project.root), confirmed=False)
    project.write("two words.bin", "large")
    with raises_code(ErrorCode.WORKING_TREE_LFS_CHANGED, GateError) as refused:
        temporary_commit_check.check(repository.inspect(project.root), confirmed=False)
    assert (
        refused.value.message
        == "changed git LFS files cannot be pushed with the working tree: two words.bin"
    )
    assert "--build local --allow-dirty" in refused.value.remedy
