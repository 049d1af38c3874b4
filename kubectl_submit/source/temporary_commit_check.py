"""Checks whether the working tree can be pushed as a temporary commit, and is meant to be."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Sequence
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError
from kubectl_submit.source import gate, tracked_files
from kubectl_submit.source.repository import Snapshot
from kubectl_submit.source.temporary_commit import LOCAL_BUILD

LARGE_BYTES = 100_000_000
SECRET_LOOKING = (
    *(".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "id_*", ".netrc"),
    *(".git-credentials", ".npmrc", ".pypirc", "kubeconfig", "credentials"),
)


def check(snapshot: Snapshot, *, confirmed: bool) -> None:
    """Raise GateError where the working tree cannot be pushed, or too much would be.

    `confirmed`: whether large files and those that look like secrets are meant. RepositoryError
    where git does not tell what is new.
    """
    if not snapshot.remote:
        raise GateError(
            "there is no remote to push the working tree to",
            code=ErrorCode.WORKING_TREE_WITHOUT_REMOTE,
            remedy=LOCAL_BUILD,
        )
    submodules = (*snapshot.changes.submodules, *snapshot.unpushed_submodules)
    if submodules:
        raise GateError(
            f"changes inside a submodule cannot be pushed with the working tree: {submodules[0]}",
            code=ErrorCode.WORKING_TREE_SUBMODULE_CHANGED,
            remedy=f"Commit and push inside. {LOCAL_BUILD}",
        )
    files = tracked_files.untracked(snapshot.root)
    inside = [path for path in files if path.endswith("/")] or snapshot.repositories_without_url
    if inside:
        raise GateError(
            f"a repository inside this one cannot be pushed with the working tree: {inside[0]}",
            code=ErrorCode.WORKING_TREE_NESTED_REPOSITORY,
            remedy="Add it as a submodule, or name it in .gitignore.",
        )
    _check_files(snapshot, files, confirmed=confirmed)


def _check_files(snapshot: Snapshot, files: Sequence[str], *, confirmed: bool) -> None:
    """Raise GateError where a file cannot be pushed, or may not be meant to be.

    `files`: those that git does not have.
    """
    changed = [path for path in snapshot.changes.tracked if (snapshot.root / path).exists()]
    large = tracked_files.of_lfs(snapshot.root, (*changed, *files))
    if large:
        names = ", ".join(map(gate.shown, large[:5]))
        raise GateError(
            f"changed git LFS files cannot be pushed with the working tree: {names}",
            code=ErrorCode.WORKING_TREE_LFS_CHANGED,
            remedy=f"Commit and push them. {LOCAL_BUILD}",
        )
    new = (*files, *tracked_files.added(snapshot.root))
    doubts = [_doubt(snapshot.root, path) for path in new]
    if any(doubts) and not confirmed:
        raise GateError(
            "in no commit, and perhaps not meant for the remote and the image",
            code=ErrorCode.WORKING_TREE_DOUBTFUL_FILES,
            last_words="\n".join(f"  - {doubt}" for doubt in doubts if doubt),
            remedy="Name in .gitignore what is not meant, and take it out of the index with "
            "`git rm --cached`; if all of it is meant, add --yes.",
        )


def _doubt(root: Path, path: str) -> str:
    """Why a file may not be meant to be pushed; empty if nothing speaks against it."""
    name = path.rpartition("/")[2].lower()
    if any(fnmatch.fnmatch(name, pattern) for pattern in SECRET_LOOKING):
        return f"{gate.shown(path)} looks like a secret"
    with contextlib.suppress(OSError):
        size = (root / path).lstat().st_size
        if size > LARGE_BYTES:
            return f"{gate.shown(path)} is large: {size / 1e6:.0f} MB"
    return ""
