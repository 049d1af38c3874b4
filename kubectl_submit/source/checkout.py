"""Writes clean checkouts: the files of a commit and of its submodules, for a build here."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source import git_lfs, gitpython, remotes
from kubectl_submit.source.git_settings import quiet_environment

if TYPE_CHECKING:
    from git import Repo

# Files as everybody else gets them, whatever this user or this file system prefers.
AS_COMMITTED = (
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.symlinks", "true"),
    ("core.attributesFile", os.devnull),
)


@contextlib.contextmanager
def checkout(root: Path, commit: str) -> Iterator[Path]:
    """A temporary folder with exactly the files of a commit and its submodules, without `.git`.

    The files are written from the object database with an index of our own, so that nothing in
    the repository changes and nothing that git ignores gets in. Raises RepositoryError.
    """
    with tempfile.TemporaryDirectory(prefix="kubectl-submit-") as folder:
        tree = Path(folder) / "source"
        umask = os.umask(0o022)  # the same modes as in the remote build
        try:
            _write_tree(gitpython.open_repository(root), commit, tree, Path(folder) / "index")
        finally:
            os.umask(umask)
        yield tree


def _write_tree(repo: Repo, commit: str, tree: Path, index: Path) -> None:
    from git import GitCommandError

    tree.mkdir(exist_ok=True)
    environment = {"GIT_INDEX_FILE": str(index), **quiet_environment(AS_COMMITTED)}
    try:
        with repo.git.custom_environment(**environment):
            repo.git.read_tree(commit)
            repo.git(work_tree=str(tree)).checkout_index("-a", "-f")
            entries = str(repo.git.ls_files("-s", "-z"))
            of_lfs = _of_lfs(repo, tree) if ".gitattributes" in entries else ()
    except GitCommandError as error:
        raise RepositoryError(
            f"cannot check out {commit[:12]}",
            code=ErrorCode.CHECKOUT_FAILED,
            last_words=str(error.stderr),
        ) from None
    git_lfs.refuse_pointers(tree, of_lfs)
    inside = [entry.split(" ", 2) for entry in entries.split("\0")]
    commits = {
        rest[-1].partition("\t")[2]: rest[0]
        for mode, *rest in inside
        if mode == remotes.GITLINK_MODE
    }
    for path in _checked_out(repo, tree, commits):
        sub_repo = _submodule(repo, path)
        _write_tree(sub_repo, commits[path], tree / path, index.with_name(index.name + "-sub"))


def _of_lfs(repo: Repo, tree: Path) -> tuple[str, ...]:
    """The files in a tree that are in git LFS, as its .gitattributes say."""
    listed = str(repo.git(work_tree=str(tree)).ls_files("-z", "--", git_lfs.ATTRIBUTE))
    return tuple(filter(None, listed.split("\0")))


def _checked_out(repo: Repo, tree: Path, inside: Iterable[str]) -> list[str]:
    """Those of the repositories inside that git checks out.

    Not those with `update = none` in .gitmodules, and those that it does not name.
    """
    if not (tree / ".gitmodules").is_file():
        return []
    listed = gitpython.ask(repo, "config", "--null", "--list", "--file", str(tree / ".gitmodules"))
    settings = dict(entry.partition("\n")[::2] for entry in listed.split("\0"))
    named = [key.removesuffix(".path") for key in settings if key.endswith(".path")]
    wanted = {settings[f"{key}.path"] for key in named if settings.get(f"{key}.update") != "none"}
    return [path for path in inside if path in wanted]


def _submodule(repo: Repo, path: str) -> Repo:
    from git import InvalidGitRepositoryError, NoSuchPathError, Repo

    try:
        return Repo(Path(str(repo.working_tree_dir)) / path)
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise RepositoryError(
            f"the submodule {path} is not checked out",
            code=ErrorCode.SUBMODULE_NOT_CHECKED_OUT,
            remedy="Run `git submodule update --init --recursive`.",
        ) from None
