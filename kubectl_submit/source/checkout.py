"""Clean checkouts for a build here, kept in the user's cache for the next one."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.output import Output
from kubectl_submit.source import commit_files, gitpython, kept_folders
from kubectl_submit.source.commit_files import Target

if TYPE_CHECKING:
    from git import Repo

log = logging.getLogger(__name__)

SILENT_SECONDS = 2.0
INDEXES = "indexes"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A folder with exactly the files of a commit and its submodules, without `.git`."""

    folder: Path
    keep_open: tuple[int, ...] = ()
    """Descriptors for each program that reads the folder, which stays as it is until that ends."""


@contextlib.contextmanager
def checkout(root: Path, commit: str, output: Output) -> Iterator[Checkout]:
    """A clean checkout that nobody else changes meanwhile. The repository stays as it is.

    One that is kept is brought up to date; where that cannot be, a temporary one is made. Raises
    RepositoryError.
    """
    repo = gitpython.open_repository(root)
    with contextlib.ExitStack() as stack:
        with _said_if_slow(output):
            key = _key(repo)
            found = _kept(repo, commit, key, stack) or _temporary(repo, commit, key, stack)
        log.info("checkout of %s: %s", commit[:12], found.folder)
        yield found


def _key(repo: Repo) -> str:
    """What the worktrees of a repository share, and no other repository has."""
    return hashlib.sha256(os.fsencode(os.path.realpath(repo.common_dir))).hexdigest()[:16]


def _kept(repo: Repo, commit: str, key: str, stack: contextlib.ExitStack) -> Checkout | None:
    """A checkout in the cache; None where that fails."""
    kept = stack.enter_context(kept_folders.hold(key))
    if kept is None:
        log.info("no kept checkout: all are in use, or the cache folder cannot be written")
        return None
    # BuildKit reads only what has changed since the last context whose folder had the same name,
    # wherever that was (docker/buildx, build/opt.go, SharedKey).
    tree = kept.path / kept.path.name
    target = Target(tree=tree, indexes=kept.path / INDEXES, keep_open=(kept.lock,))
    try:
        commit_files.write(repo, commit, target)
    except OSError as error:
        _empty(target)
        log.info("no kept checkout: %s", error)
        return None
    except RepositoryError as error:
        if error.code is ErrorCode.GIT_LFS_POINTERS:  # the next time, git-lfs may be there
            shutil.rmtree(target.indexes, ignore_errors=True)
        if error.code is not ErrorCode.CHECKOUT_FAILED:
            raise
        _empty(target)
        log.info("no kept checkout: %s", error)
        return None
    return Checkout(folder=target.tree, keep_open=target.keep_open)


def _empty(target: Target) -> None:
    """Begin anew the next time: the disk may be full, or the index damaged."""
    for folder in (target.indexes, target.tree):
        shutil.rmtree(folder, ignore_errors=True)


def _temporary(repo: Repo, commit: str, key: str, stack: contextlib.ExitStack) -> Checkout:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubectl-submit-")))
    target = Target(tree=folder / key, indexes=folder / INDEXES)
    commit_files.write(repo, commit, target)
    return Checkout(folder=target.tree)


@contextlib.contextmanager
def _said_if_slow(output: Output) -> Iterator[None]:
    """Say what is going on once it has taken some seconds."""
    words = "git is checking out the commit (the next time, only what has changed)"
    timer = threading.Timer(SILENT_SECONDS, output.waiting, [words])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        output.waiting("")
