"""Writes the files of a commit and of its submodules into a folder; only those that differ."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source import git_lfs, gitpython, remotes
from kubectl_submit.source.git_settings import quiet_environment

if TYPE_CHECKING:
    from git import Repo

# Files as everybody else gets them, whatever this user or this file system prefers; all of them,
# and each that differs in any way from what git wrote last time.
AS_COMMITTED = (
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.symlinks", "true"),
    ("core.attributesFile", os.devnull),
    ("core.sparseCheckout", "false"),
    ("core.fileMode", "true"),
    ("core.trustctime", "true"),
    ("core.checkStat", "default"),
    ("core.ignoreStat", "false"),
    ("core.untrackedCache", "false"),
    ("submodule.recurse", "false"),  # it would write into the user's submodules
)
ATTRIBUTES = ".gitattributes"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where files go, and where git remembers what it has written."""

    tree: Path
    indexes: Path
    keep_open: tuple[int, ...] = ()
    """Descriptors that git inherits."""

    def index(self, path: str) -> Path:
        """The index for the repository at a path of the tree."""
        return self.indexes / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def write(repo: Repo, commit: str, target: Target) -> None:
    """Leave in the target exactly the files of a commit and its submodules, without `.git`.

    They come from the object database with indexes of our own, so that nothing in the repository
    changes and nothing that git ignores gets in. What is in the target already and is as git wrote
    it stays. Nobody else may use the target meanwhile. Raises RepositoryError, OSError.
    """
    umask = os.umask(0o022)  # the same modes as in the remote build
    try:
        target.tree.mkdir(exist_ok=True)
        target.indexes.mkdir(exist_ok=True)
        for left in target.indexes.glob("*.lock"):  # by a git that was killed
            left.unlink()
        _write(repo, commit, target, "")
    finally:
        os.umask(umask)


def _write(repo: Repo, commit: str, target: Target, path: str) -> None:
    from git import GitCommandError

    git = _Git(repo, target, path)
    try:
        entries = _update(git, commit)
        of_lfs = git("ls-files", "-z", "--", git_lfs.ATTRIBUTE) if _attributes(entries) else ""
    except GitCommandError as error:
        raise RepositoryError(
            f"cannot check out {commit[:12]}",
            code=ErrorCode.CHECKOUT_FAILED,
            last_words=str(error.stderr),
        ) from None
    git_lfs.refuse_pointers(git.tree, filter(None, of_lfs.split("\0")))
    wanted = _wanted_submodules(repo, git.tree)
    for entry in entries:
        mode, _, rest = entry.partition(" ")
        if mode == remotes.GITLINK_MODE:
            inner = rest.partition("\t")[2]
            if inner in wanted:
                _write(_submodule(repo, inner), rest[: rest.index(" ")], target, _join(path, inner))
            else:
                _make_empty(git.tree / inner)


class _Git:
    """git with a working tree and an index of our own."""

    def __init__(self, repo: Repo, target: Target, path: str) -> None:
        self.repo = repo
        self.tree = target.tree / path
        self.index = target.index(path)
        self._keep_open = target.keep_open
        self._environment = {
            "GIT_INDEX_FILE": str(self.index),
            "GIT_ATTR_NOSYSTEM": "1",
            **quiet_environment(AS_COMMITTED),
        }

    def __call__(self, *argv: str) -> str:
        """What git prints. Raises GitCommandError."""
        return str(
            self.repo.git.execute(
                ["git", f"--work-tree={self.tree}", *argv],
                env=self._environment,
                strip_newline_in_stdout=False,
                pass_fds=self._keep_open,
            )
        )


def _update(git: _Git, commit: str) -> list[str]:
    """Write what differs, remove what is too much; the commit's files as `git ls-files -s` lists.

    git writes a file again where its content is another one, or where it is not as git left it;
    not where other attributes now give the same content another form.
    """
    read = ("read-tree", "--reset", "-u", "--no-recurse-submodules", commit)
    git(*read)
    entries = git("ls-files", "-s", "-z").split("\0")
    known, form = git.index.with_suffix(".form"), _form(git.repo, _attributes(entries))
    if not known.exists() or known.read_text(encoding="ascii") != form:
        if known.exists():
            git.index.unlink()
            git(*read)
        known.write_text(form, encoding="ascii")
    git("clean", "-ffdxq")
    _remove(git.tree / ".git")  # to git it is not there, to docker it is
    return entries


def _attributes(entries: Sequence[str]) -> list[str]:
    return [entry for entry in entries if entry.endswith(ATTRIBUTES)]


def _form(repo: Repo, attributes: Sequence[str]) -> str:
    """A hash of all that decides what git makes of a content when it writes the file."""
    private = b""
    with contextlib.suppress(OSError):
        private = (Path(repo.common_dir) / "info" / "attributes").read_bytes()
    filters = ""
    if attributes or private:
        filters = gitpython.ask(repo, "config", "--null", "--get-regexp", r"^filter\.")
    parts = ("\0".join(attributes), os.fsdecode(private), filters)
    return hashlib.sha256(os.fsencode("\0\0".join(parts))).hexdigest()


def _wanted_submodules(repo: Repo, tree: Path) -> set[str]:
    """The paths of the repositories inside that git checks out.

    Not those with `update = none` in .gitmodules, and those that it does not name.
    """
    if not (tree / ".gitmodules").is_file():
        return set()
    listed = gitpython.ask(repo, "config", "--null", "--list", "--file", str(tree / ".gitmodules"))
    settings = dict(entry.partition("\n")[::2] for entry in listed.split("\0"))
    named = [key.removesuffix(".path") for key in settings if key.endswith(".path")]
    return {settings[f"{key}.path"] for key in named if settings.get(f"{key}.update") != "none"}


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


def _join(path: str, inner: str) -> str:
    return f"{path}/{inner}" if path else inner


def _make_empty(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for inside in folder.iterdir():
        _remove(inside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
