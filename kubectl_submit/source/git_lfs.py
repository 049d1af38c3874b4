"""Refuses files of git LFS whose contents are not checked out.

A pointer is a small text in place of a file (git-lfs, docs/spec.md); it is a mistake to build
with one in the file's place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError

FIRST_LINE = b"version https://git-lfs.github.com/spec/"
ATTRIBUTE = ":(attr:filter=lfs)"
"""As a pathspec of git: the files of which .gitattributes says that they are in git LFS."""
SHOWN = 5


def refuse_pointers(folder: Path, paths: Iterable[str]) -> None:
    """Raise RepositoryError if one of these files, which are in git LFS, is a pointer."""
    found = [path for path in paths if _is_pointer(folder / path)]
    if not found:
        return
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    shown = [path if path.isprintable() else ascii(path) for path in found[:SHOWN]]
    raise RepositoryError(
        "only the pointers of files in git LFS are here",
        code=ErrorCode.GIT_LFS_POINTERS,
        last_words=f"{', '.join(shown)}{more}",
        remedy="Install git-lfs, then run `git lfs install` and `git lfs pull`.",
    )


def _is_pointer(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(FIRST_LINE)) == FIRST_LINE
    return False
