"""Where the Dockerfile and the build context are."""

from __future__ import annotations

import os
from pathlib import Path

from kubectl_submit.cli.options import Options
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError, UsageError
from kubectl_submit.source.tracked_files import is_tracked, untracked


def find(options: Options, root: Path, *, dirty: bool) -> tuple[str, str]:
    """The Dockerfile and the context as paths from the root.

    Raises RepositoryError where they are not part of what is built, UsageError outside of it.
    """
    context = _inside(root, Path(options.build_context or root), "--build-context")
    dockerfile = _inside(root, Path(options.dockerfile or root / "Dockerfile"), "--dockerfile")
    if not (root / context).is_dir():
        raise RepositoryError(
            f"there is no folder {context} in {root}", code=ErrorCode.BUILD_CONTEXT_NOT_FOUND
        )
    if not (root / dockerfile).is_file():
        raise RepositoryError(
            f"there is no {dockerfile} in {root}",
            code=ErrorCode.DOCKERFILE_NOT_FOUND,
            remedy="Add one (`kubectl submit init --dockerfile` does, for Python), name it with "
            "--dockerfile PATH, or run an image with --image REF.",
        )
    for path in (context, dockerfile):
        if not (root / path).resolve().is_relative_to(root.resolve()):
            raise RepositoryError(
                f"{path} is a link that leads out of the repository",
                code=ErrorCode.LINK_OUT_OF_REPOSITORY,
            )
    known = is_tracked(root, dockerfile) or (dirty and dockerfile in untracked(root))
    if not known and not (dirty and options.build == "local"):
        raise RepositoryError(
            f"{dockerfile} is not part of the commit: git ignores it",
            code=ErrorCode.DOCKERFILE_IGNORED,
        )
    return dockerfile, context


def read(dockerfile: Path) -> str:
    """What is in a Dockerfile; nothing if it cannot be read: docker says what is wrong."""
    try:
        return dockerfile.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _inside(root: Path, path: Path, flag: str) -> str:
    """The path from the root; symbolic links in it are left to git and docker."""
    relative = os.path.relpath(os.path.abspath(path), os.path.realpath(root))
    if relative.startswith(".."):
        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    if relative == ".." or relative.startswith("../"):
        raise UsageError(
            f"{flag} {path} is outside of the repository {root}",
            code=ErrorCode.PATH_OUTSIDE_REPOSITORY,
        )
    return Path(relative).as_posix()
