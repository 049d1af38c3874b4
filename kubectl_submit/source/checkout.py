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
from kubectl_submit.source.kept_folders import KeptFolder

if TYPE_CHECKING:
    from git import Repo

log = logging.getLogger(__name__)

SILENT_SECONDS = 2.0
TREE, INDEXES = "source", "indexes"


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
            found = _kept(repo, commit, stack) or _temporary(repo, commit, stack)
        log.info("checkout of %s: %s", commit[:12], found.folder)
        yield found


def _kept(repo: Repo, commit: str, stack: contextlib.ExitStack) -> Checkout | None:
    """A checkout in the cache; None where that fails."""
    # The worktrees of a repository share it.
    key = hashlib.sha256(os.fsencode(os.path.realpath(repo.common_dir))).hexdigest()[:16]
    kept = stack.enter_context(kept_folders.hold(key))
    if kept is None:
        log.info("no kept checkout: all are in use, or the cache folder cannot be written")
        return None
    target = Target(tree=kept.path / TREE, indexes=kept.path / INDEXES, keep_open=(kept.lock,))
    try:
        commit_files.write(repo, commit, target)
    except OSError as error:
        _empty(kept)
        log.info("no kept checkout: %s", error)
        return None
    except RepositoryError as error:
        if error.code is ErrorCode.GIT_LFS_POINTERS:  # the next time, git-lfs may be there
            shutil.rmtree(target.indexes, ignore_errors=True)
        if error.code is not ErrorCode.CHECKOUT_FAILED:
            raise
        _empty(kept)
        log.info("no kept checkout: %s", error)
        return None
    return Checkout(folder=target.tree, keep_open=target.keep_open)


def _empty(kept: KeptFolder) -> None:
    """Begin anew the next time: the disk may be full, or the index damaged."""
    for name in (INDEXES, TREE):
        shutil.rmtree(kept.path / name, ignore_errors=True)


def _temporary(repo: Repo, commit: str, stack: contextlib.ExitStack) -> Checkout:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubectl-submit-")))
    target = Target(tree=folder / TREE, indexes=folder / INDEXES)
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
