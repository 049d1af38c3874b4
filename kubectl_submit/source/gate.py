"""The gate: refuses a commit unless the remote has the same files."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError
from kubectl_submit.source import remotes
from kubectl_submit.source.git_url import without_credentials
from kubectl_submit.source.remote_question import Answer, Question
from kubectl_submit.source.repository import Snapshot

SHOWN = 5
PATIENCE_SECONDS = 10.0
"""How long a remote may take to answer that has the commit as far as we know."""


def problems(snapshot: Snapshot) -> list[str]:
    """Every reason why others would not get the same files, each with its remedy."""
    changes = snapshot.changes
    found = []
    if changes.tracked:
        found.append(
            f"{_count(changes.tracked, 'tracked file')} changed: {_list(changes.tracked)}\n"
            "    Commit with `git commit -a`."
        )
    if changes.untracked:
        found.append(
            f"{_count(changes.untracked, 'file')} not in git: {_list(changes.untracked)}\n"
            "    Add with `git add`, or name in .gitignore what is not part of the program."
        )
    if changes.submodules:
        found.append(
            f"{_count(changes.submodules, 'submodule')} changed: {_list(changes.submodules)}\n"
            "    Commit and push inside, then commit the new state here."
        )
    unpushed = snapshot.unpushed_submodules
    if unpushed:
        found.append(
            f"the commit of {len(unpushed)} {'submodule' if len(unpushed) == 1 else 'submodules'} "
            f"is not on its remote: {_list(unpushed)}\n    Push inside."
        )
    if snapshot.repositories_without_url:
        found.append(
            "a repository inside has no URL in .gitmodules, and is an empty folder for others: "
            f"{_list(snapshot.repositories_without_url)}\n    Add it with `git submodule add URL "
            "PATH`, or its files: `git rm --cached PATH`, and delete PATH/.git."
        )
    found += _of_remote(snapshot)
    return found


def _of_remote(snapshot: Snapshot) -> list[str]:
    """Why the build could not fetch the commit; empty if it could."""
    remote, commit = snapshot.remote, snapshot.commit
    if not remote:
        return [
            "there is no remote that has the commit\n"
            "    Add one with `git remote add origin URL`, or choose one with --git-remote."
        ]
    if snapshot.silence:
        return [
            f"the remote {remote} does not say whether it has the commit {commit[:7]}\n"
            f"{textwrap.indent(snapshot.silence, '    ')}\n"
            f"    Try `git ls-remote {remote}`: it must work without asking for a password."
        ]
    if snapshot.pushed:
        return []
    target = f" {remote} {snapshot.branch or f'{commit}:refs/heads/…'}"
    if snapshot.only_tips:
        return [
            f"the remote {remote} tells only what its branches and tags point at, "
            f"and none points at {commit[:7]}\n"
            f"    Push with `git push{target}`, or if it is pushed, run `git fetch {remote}`."
        ]
    return [
        f"the commit {commit[:7]} is not on the remote {remote}\n    Push with `git push{target}`."
    ]


def check(snapshot: Snapshot) -> None:
    """Raise a GateError that lists every problem at once, if there is any."""
    found = problems(snapshot)
    if found:
        raise GateError(
            "this working tree is not a commit that others can get",
            code=ErrorCode.COMMIT_NOT_AVAILABLE,
            last_words="\n".join(f"  - {problem}" for problem in found),
            remedy=f"Or build the working tree as it is: {_way_out(snapshot)}.",
        )


@contextlib.contextmanager
def confirming(root: Path, remote: str, commit: str) -> Iterator[None]:
    """Ask a remote whether it still has the commit, while something else goes on.

    Raises GateError at the end where it does not. Where it does not answer, the build will tell.
    `remote` is empty if there is nothing to ask.
    """
    if not remote:
        yield
        return
    url = remotes.url(root, remote)
    with Question(root, remotes.configuration(root), url, commit, remote) as question:
        yield
        if question.reply(PATIENCE_SECONDS).answer is Answer.NO:
            raise _gone(root, remote, commit, url)


def _gone(root: Path, remote: str, commit: str, url: str) -> GateError:
    """The error where our remote-tracking branches have a commit that the server does not have."""
    pushed_to = remotes.url(root, remote, push=True)
    if pushed_to != url:
        fetched, pushed = without_credentials(url), without_credentials(pushed_to)
        return GateError(
            f"the commit {commit[:7]} is not on the remote {remote}",
            code=ErrorCode.COMMIT_NOT_ON_REMOTE,
            last_words=f"It is fetched from {fetched}, and pushed to {pushed}.",
            remedy=f"Make a remote of {pushed}, and choose it with --git-remote.",
        )
    return GateError(
        f"the commit {commit[:7]} is no longer on the remote {remote}",
        code=ErrorCode.COMMIT_GONE_FROM_REMOTE,
        last_words="A remote-tracking branch here still has it; "
        f"`git fetch --prune {remote}` updates those.",
        remedy=f"Push it again with `git push {remote} {commit}:refs/heads/…`.",
    )


def _way_out(snapshot: Snapshot) -> str:
    """The flags that build it: the cluster needs a remote, and submodules as they are there."""
    inside = (
        snapshot.changes.submodules
        or snapshot.unpushed_submodules
        or snapshot.repositories_without_url
    )
    can_push = snapshot.remote and not snapshot.silence and not inside
    return "--allow-dirty" if can_push else "--build local --allow-dirty"


def shown(path: str) -> str:
    """A path with what a terminal must not see written as an escape."""
    return path if path.isprintable() else ascii(path)


def _count(paths: tuple[str, ...], what: str) -> str:
    return f"1 {what} is" if len(paths) == 1 else f"{len(paths)} {what}s are"


def _list(paths: tuple[str, ...]) -> str:
    some = [shown(path) for path in paths[:SHOWN]]
    more = len(paths) - len(some)
    return ", ".join(some) + (f" and {more} more" if more else "")
