"""Finds the remote that has a commit: from the repository, else by asking the servers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.process import command
from kubectl_submit.source.git_settings import Access, access, of_remote, quiet_environment
from kubectl_submit.source.remote_question import Answer, Question, Settings

GITLINK_MODE = "160000"
REMOTE_KEY = re.compile(r"remote\.(.+)\.(?:url|fetch|pushurl)")


@dataclass(frozen=True, kw_only=True)
class Location:
    """The remote that has the commit, or to which it would be pushed."""

    remote: str = ""
    """Its name; empty if there is none."""
    url: str = ""
    """Its URL, with credentials if it has some."""
    pushed: bool = False
    """Whether it has the commit."""
    confirmed: bool = True
    """Whether the server said so; else only our remote-tracking branches do."""
    silence: str = ""
    """git's own words, where the server did not answer."""
    only_tips: bool = False
    """Whether the server tells only of the tips of branches and tags, and the commit is none."""


def locate(
    root: Path, commit: str, branch: str, settings: Settings, wanted: str | None
) -> Location:
    """The remote of that name, else the first of those that fit that has the commit.

    Raises RepositoryError if there is none of the name.
    """
    names = names_of(settings)
    if wanted and wanted not in names:
        raise RepositoryError(
            f"there is no remote {wanted!r}",
            code=ErrorCode.NO_SUCH_REMOTE,
            remedy=f"There is: {', '.join(names)}." if names else "See `git remote add`.",
        )
    preferred = [wanted] if wanted else _preferred(dict(settings), branch, names)
    holders = _holders(root, commit, [wanted] if wanted else names)
    for name in (*preferred, *holders):
        if name in holders:
            return Location(remote=name, url=url(root, name), pushed=True, confirmed=False)
    return _ask(root, commit, settings, preferred)


def configuration(root: Path) -> list[tuple[str, str]]:
    """Every setting of git for a repository, the ones that count last."""
    listed = command.run(["git", "config", "--null", "--list"], cwd=root, check=False).stdout
    entries = (entry.partition("\n") for entry in listed.split("\0") if entry)
    return [(key, value if newline else "true") for key, newline, value in entries]


def unpushed_submodules(root: Path) -> tuple[str, ...]:
    """The paths of submodules whose remotes do not have their commit, as far as they answer.

    Also of those inside of submodules.
    """
    found: list[str] = []
    for path in _submodules(root):
        if (root / path / ".git").exists():
            found += [path] if _unpushed(root / path) else []
            found += [f"{path}/{inner}" for inner in unpushed_submodules(root / path)]
    return tuple(found)


def repositories_without_url(root: Path) -> tuple[str, ...]:
    """The paths of repositories inside that .gitmodules does not name, unless they are empty here.

    `git add` of a clone inside another makes such an entry, and others get an empty folder.
    """
    entries = _git(root, "ls-files", "--stage", "-z").split("\0")
    inside = [entry.partition("\t")[2] for entry in entries if entry.startswith(GITLINK_MODE)]
    unnamed = set(inside).difference(_submodules(root) if inside else ())
    return tuple(path for path in inside if path in unnamed and _has_files(root / path))


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _submodules(root: Path) -> list[str]:
    """The paths that .gitmodules names."""
    if not (root / ".gitmodules").exists():
        return []
    listed = _git(root, "config", "--null", "--list", "--file", ".gitmodules").split("\0")
    entries = (entry.partition("\n") for entry in listed)
    return [value for key, _, value in entries if key.endswith(".path")]


def _unpushed(root: Path) -> bool:
    commit = _git(root, "rev-parse", "HEAD").strip()
    location = locate(root, commit, "", configuration(root), None)
    return bool(location.remote) and not location.pushed and not location.silence


def default_branch(root: Path, remote: str) -> str:
    """The branch that a remote's HEAD names, as far as we know; else main or master if it has one.

    Empty where there is none.
    """
    place = f"refs/remotes/{remote}/"
    refs = [f"{place}{name}" for name in ("HEAD", "main", "master")]
    listed = _git(root, "for-each-ref", "--format=%(refname) %(symref)", *refs) if remote else ""
    found = dict(line.split(" ", 1) for line in listed.splitlines())
    known = [found.get(refs[0], ""), *(ref for ref in refs[1:] if ref in found)]
    return next((ref.removeprefix(place) for ref in known if ref), "")


def names_of(settings: Settings) -> list[str]:
    """The names of all remotes."""
    found = (REMOTE_KEY.fullmatch(key) for key, _ in settings)
    return list(dict.fromkeys(match[1] for match in found if match))


def url(root: Path, name: str, *, push: bool = False) -> str:
    """The URL from which git fetches, or to which it pushes; empty if there is none."""
    return _git(root, "remote", "get-url", *(["--push"] if push else []), name).strip("\n")


def push_access(root: Path, name: str) -> Access:
    """How git reaches a remote that it pushes to, through the proxy that is set for it."""
    return access(url(root, name, push=True), of_remote(configuration(root), name))


def _preferred(settings: dict[str, str], branch: str, names: Sequence[str]) -> list[str]:
    """Where git pushes the branch to, where it pulls it from, origin, or the only remote."""
    found = [
        settings.get(f"branch.{branch}.pushremote", ""),
        settings.get("remote.pushdefault", ""),
        settings.get(f"branch.{branch}.remote", ""),
        "origin",
    ]
    known = [name for name in dict.fromkeys(found) if name in names]
    return known or (list(names) if len(names) == 1 else [])


def _holders(root: Path, commit: str, names: Sequence[str]) -> list[str]:
    """The remotes whose branches have the commit, as far as we know."""
    if not names:
        return []
    argv = ("for-each-ref", f"--contains={commit}", "--format=%(refname)")
    refs = _git(root, *argv, *(f"refs/remotes/{name}/" for name in names)).splitlines()
    return [name for name in names if any(ref.startswith(f"refs/remotes/{name}/") for ref in refs)]


def _ask(root: Path, commit: str, settings: Settings, names: Sequence[str]) -> Location:
    """Ask the servers, all at once; the first that has the commit, else the first."""
    urls = {name: url(root, name) for name in names}
    with contextlib.ExitStack() as stack:
        asked = [
            (name, stack.enter_context(Question(root, settings, urls[name], commit, name)))
            for name in names
            if urls[name]
        ]
        first = Location(remote=names[0], url=urls[names[0]]) if names else Location()
        for name, question in asked:
            reply = question.reply()
            if reply.answer is Answer.YES:
                return Location(remote=name, url=urls[name], pushed=True)
            if name == first.remote:
                silence = reply.words if reply.answer is Answer.NONE else ""
                only_tips = reply.answer is Answer.NO_TIP
                first = replace(first, silence=silence, only_tips=only_tips)
        return first


def _git(root: Path, *argv: str) -> str:
    """What git answers; empty where it has no answer."""
    result = command.run(["git", *argv], cwd=root, env=quiet_environment(), check=False)
    return result.stdout if result.exit_code == 0 else ""
