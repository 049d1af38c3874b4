"""Questions to git, and clean checkouts; the only user of GitPython."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from kubectl_submit.errors import MissingProgramError, RepositoryError
from kubectl_submit.process import command
from kubectl_submit.source import git_lfs, remotes
from kubectl_submit.source.git_settings import quiet_environment
from kubectl_submit.source.git_status import Changes, parse_status

if TYPE_CHECKING:
    from git import Repo

STAT_LINES = 20
# Files as everybody else gets them, whatever this user or this file system prefers.
AS_COMMITTED = (
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.symlinks", "true"),
    ("core.attributesFile", os.devnull),
)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A repository as it stands: where it is, its commit, its remote, what is not committed."""

    root: Path
    commit: str
    branch: str
    """Empty on a detached HEAD."""
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
    unpushed_submodules: tuple[str, ...] = ()
    """Those whose commit their own remotes do not have."""
    repositories_without_url: tuple[str, ...] = ()
    """Those inside that the commit names, but .gitmodules does not: others get empty folders."""
    changes: Changes = field(default_factory=Changes)


def inspect(start: Path, remote_name: str | None = None) -> Snapshot:
    """The repository around a folder (also a worktree, a subfolder, a detached HEAD).

    Raises MissingProgramError without git, RepositoryError where there is no commit to build.
    """
    repo = _open(start)
    changes, commit, branch = _status(repo)
    if not commit:
        raise RepositoryError("the repository has no commit yet", remedy="Commit your work first.")
    root = Path(str(repo.working_tree_dir))
    settings = remotes.configuration(root)
    location = remotes.locate(root, commit, branch, settings, remote_name)
    return Snapshot(
        root=root,
        commit=commit,
        branch=_readable(branch),
        remote=location.remote,
        url=location.url,
        pushed=location.pushed,
        confirmed=location.confirmed,
        silence=location.silence,
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


def is_tracked(root: Path, path: str) -> bool:
    """Whether a file belongs to the repository or one of its submodules. Raises RepositoryError."""
    return bool(_listed(root, "ls-files", "--recurse-submodules", "-z", "--", path))


def untracked(root: Path) -> tuple[str, ...]:
    """Every file that git neither has nor ignores, from the root. Raises RepositoryError.

    A repository inside ends with a slash: git does not look into it.
    """
    return _listed(root, "ls-files", "--others", "--exclude-standard", "-z")


def added(root: Path) -> tuple[str, ...]:
    """Every file that git has been told of, but has in no commit yet. Raises RepositoryError.

    As it is in the working tree: what `git add --intent-to-add` names is in no diff of the index.
    """
    shown = ("--name-only", "--diff-filter=A", "--no-renames", "--no-ext-diff", "-z")
    return _listed(root, "diff", *shown, "HEAD", "--")


def _listed(root: Path, *argv: str) -> tuple[str, ...]:
    """The paths that git lists; what an error leaves out would be taken for not there."""
    status, text, words = _answer(_open(root), *argv)
    if status != 0:
        raise RepositoryError(f"git {argv[0]} failed", last_words=command.mask(words))
    return tuple(filter(None, text.split("\0")))


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
    return _readable(_ask(_open(root), "diff", *shown, "--no-textconv", "HEAD", "--"))


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
            _write_tree(_open(root), commit, tree, Path(folder) / "index")
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
            f"cannot check out {commit[:12]}", last_words=str(error.stderr)
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
    listed = _ask(repo, "config", "--null", "--list", "--file", str(tree / ".gitmodules"))
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
            remedy="Run `git submodule update --init --recursive`.",
        ) from None


def _open(start: Path) -> Repo:
    git = _git_module()
    try:
        repo = git.Repo(start, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise RepositoryError(
            f"{start} is not in a git repository",
            remedy="Go to one, or run an image without a build: --image REF.",
        ) from None
    if repo.bare or repo.working_tree_dir is None:
        raise RepositoryError(f"{start} is a bare repository", remedy="Use a checkout of it.")
    return cast("Repo", repo)


def _git_module() -> ModuleType:
    """GitPython, imported where it is needed: it costs 70 ms."""
    try:
        import git
    except ImportError:  # GitPython's way to say that the program is missing
        raise MissingProgramError(
            "git was not found on PATH", remedy="Install git, or put it on PATH."
        ) from None
    return git


def _readable(text: str) -> str:
    """The text with a mark for each byte that is not UTF-8: no object can have it."""
    return os.fsencode(text).decode("utf-8", "replace")


def _ask(repo: Repo, *argv: str, environment: Mapping[str, str] | None = None) -> str:
    """What git answers; empty where it has no answer."""
    status, text, _ = _answer(repo, *argv, environment=environment)
    return text if status == 0 else ""


def _answer(
    repo: Repo, *argv: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """git's exit code, its answer, and its words on stderr."""
    status, text, words = repo.git.execute(
        ["git", *argv],
        with_extended_output=True,
        with_exceptions=False,
        env=environment or quiet_environment(),
    )
    return status, str(text), str(words)


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
        raise RepositoryError("git status failed", last_words=str(words))
    return parse_status(str(text))
