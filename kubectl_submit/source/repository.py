"""Reads the repository around a folder: commit, remote, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import MissingProgramError, RepositoryError
from kubectl_submit.process import command
from kubectl_submit.source import gitpython, remotes
from kubectl_submit.source.git_settings import quiet_environment
from kubectl_submit.source.git_status import Changes, parse_status

if TYPE_CHECKING:
    from git import Repo


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A repository at this moment: its folder, commit, remote, and what is not committed."""

    root: Path
    commit: str
    branch: str
    """Empty on a detached HEAD."""
    default_branch: str = ""
    """That of the remote; empty if it is not known."""
    remote: str
    """The name of the remote; empty if there is none."""
    url: str
    """The remote's URL, with credentials if it has some."""
    pushed: bool
    """Whether the remote has the commit."""
    email: str
    confirmed: bool = True
    """Whether the remote itself was asked; else only our remote-tracking branches were."""
    silence: str = ""
    """git's own words, where the remote was asked and did not answer."""
    only_tips: bool = False
    """Whether the remote tells only of the tips of branches and tags, and the commit is none."""
    unpushed_submodules: tuple[str, ...] = ()
    """Those whose commit their own remotes do not have."""
    repositories_without_url: tuple[str, ...] = ()
    """Those inside that the commit names, but .gitmodules does not: others get empty folders."""
    changes: Changes = field(default_factory=Changes)


def inspect(start: Path, remote_name: str | None = None) -> Snapshot:
    """The repository around a folder (also a worktree, a subfolder, a detached HEAD).

    Raises MissingProgramError without git, RepositoryError where there is no commit to build.
    """
    repo = gitpython.open_repository(start)
    changes, commit, branch = _status(repo)
    if not commit:
        raise RepositoryError(
            "the repository has no commit yet",
            code=ErrorCode.NO_COMMIT,
            remedy="Commit your work first.",
        )
    root = Path(str(repo.working_tree_dir))
    settings = remotes.configuration(root)
    location = remotes.locate(root, commit, branch, settings, remote_name)
    return Snapshot(
        root=root,
        commit=commit,
        branch=gitpython.readable(branch),
        default_branch=remotes.default_branch(root, location.remote),
        remote=location.remote,
        url=location.url,
        pushed=location.pushed,
        confirmed=location.confirmed,
        silence=location.silence,
        only_tips=location.only_tips,
        unpushed_submodules=remotes.unpushed_submodules(root),
        repositories_without_url=remotes.repositories_without_url(root),
        email=dict(settings).get("user.email", ""),
        changes=changes,
    )


def git_version() -> str:
    """The version of git. Raises MissingProgramError."""
    return command.run(["git", "--version"]).stdout.strip()


def user_email() -> str:
    """git's user.email as seen from here; empty without git or without one.

    Asked without GitPython, whose import would cost a run without a build 70 ms.
    """
    try:
        return command.run(["git", "config", "user.email"], check=False).stdout.strip()
    except MissingProgramError:
        return ""


def _status(repo: Repo) -> tuple[Changes, str, str]:
    """The changes, the commit and the branch, from one `git status` (porcelain version 2)."""
    argv = ["git", "status", "--porcelain=v2", "--branch", "-z", "--no-renames"]
    argv += ["--untracked-files=normal", "--ignore-submodules=none"]
    status, text, words = repo.git.execute(
        argv,
        with_extended_output=True,
        with_exceptions=False,
        strip_newline_in_stdout=False,
        env=quiet_environment(),
    )
    if status != 0:
        raise RepositoryError("git status failed", code=ErrorCode.GIT_FAILED, last_words=str(words))
    return parse_status(str(text))
