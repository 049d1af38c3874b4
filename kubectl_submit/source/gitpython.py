"""Opens repositories with GitPython, and asks git questions in them."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import MissingProgramError, RepositoryError
from kubectl_submit.source.git_settings import quiet_environment

if TYPE_CHECKING:
    from git import Repo


def open_repository(start: Path) -> Repo:
    """The repository around a folder. Raises MissingProgramError, RepositoryError."""
    git = _git_module()
    try:
        repo = git.Repo(start, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise RepositoryError(
            f"{start} is not in a git repository",
            code=ErrorCode.NOT_A_REPOSITORY,
            remedy="Go to one, or run an image without a build: --image REF.",
        ) from None
    if repo.bare or repo.working_tree_dir is None:
        raise RepositoryError(
            f"{start} is a bare repository",
            code=ErrorCode.BARE_REPOSITORY,
            remedy="Use a checkout of it.",
        )
    return cast("Repo", repo)


def _git_module() -> ModuleType:
    """GitPython, imported where it is needed: it costs 70 ms."""
    try:
        import git
    except ImportError:  # GitPython's way to say that the program is missing
        raise MissingProgramError(
            "git was not found on PATH",
            code=ErrorCode.PROGRAM_NOT_FOUND,
            remedy="Install git, or put it on PATH.",
        ) from None
    return git


def readable(text: str) -> str:
    """The text with a mark for each byte that is not UTF-8: no object can have it."""
    return os.fsencode(text).decode("utf-8", "replace")


def ask(repo: Repo, *argv: str) -> str:
    """What git answers; empty where it has no answer."""
    status, text, _ = answer(repo, *argv)
    return text if status == 0 else ""


def answer(repo: Repo, *argv: str) -> tuple[int, str, str]:
    """git's exit code, its answer, and its words on stderr."""
    status, text, words = repo.git.execute(
        ["git", *argv],
        with_extended_output=True,
        with_exceptions=False,
        env=quiet_environment(),
    )
    return status, str(text), str(words)
