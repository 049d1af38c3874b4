"""Lists the files of a working tree: tracked, new, changed, in git LFS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.process import command
from kubectl_submit.process.masking import mask
from kubectl_submit.source import git_lfs, gitpython
from kubectl_submit.source.git_settings import quiet_environment

STAT_LINES = 20


def is_tracked(root: Path, path: str) -> bool:
    """Whether a file belongs to the repository or one of its submodules. Raises RepositoryError."""
    return bool(_listed(root, "ls-files", "--recurse-submodules", "-z", "--", path))


def untracked(root: Path) -> tuple[str, ...]:
    """Every file that git neither has nor ignores, from the root. Raises RepositoryError.

    A repository inside ends with a slash: git does not look into it.
    """
    return _listed(root, "ls-files", "--others", "--exclude-standard", "-z")


def added(root: Path) -> tuple[str, ...]:
    """Every file that is staged but in no commit yet. Raises RepositoryError.

    As it is in the working tree: what `git add --intent-to-add` names is in no diff of the index.
    """
    shown = ("--name-only", "--diff-filter=A", "--no-renames", "--no-ext-diff", "-z")
    return _listed(root, "diff", *shown, "HEAD", "--")


def of_lfs(root: Path, paths: Sequence[str]) -> list[str]:
    """Those of the paths of which .gitattributes says that they are in git LFS."""
    asked = command.run(
        ["git", "check-attr", "-z", "--stdin", "filter"],
        cwd=root,
        env=quiet_environment(),
        stdin="".join(f"{path}\0" for path in paths),
        check=False,
    )
    told = asked.stdout.split("\0")  # path, attribute, value, path, …
    return [path for path, value in zip(told[::3], told[2::3], strict=False) if value == "lfs"]


def refuse_lfs_pointers(root: Path) -> None:
    """Raise RepositoryError where the working tree has pointers of git LFS in place of files."""
    git_lfs.refuse_pointers(root, _listed(root, "ls-files", "-z", "--", git_lfs.ATTRIBUTE))


def changes_stat(root: Path) -> str:
    """How much has changed since the commit in what git tracks, one line a file."""
    shown = ("--stat=72", f"--stat-count={STAT_LINES}", "--no-color", "--no-ext-diff")
    return gitpython.readable(
        gitpython.ask(
            gitpython.open_repository(root), "diff", *shown, "--no-textconv", "HEAD", "--"
        )
    )


def _listed(root: Path, *argv: str) -> tuple[str, ...]:
    """The paths that git lists; what an error leaves out would be taken for not there."""
    status, text, words = gitpython.answer(gitpython.open_repository(root), *argv)
    if status != 0:
        raise RepositoryError(
            f"git {argv[0]} failed", code=ErrorCode.GIT_FAILED, last_words=mask(words)
        )
    return tuple(filter(None, text.split("\0")))
