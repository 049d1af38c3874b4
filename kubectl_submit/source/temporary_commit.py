"""Pushes the working tree as a temporary commit, for a build in the cluster.

Its parent is HEAD. On the remote it has its own ref, which is in no branch and no clone. It uses
its own index and object database, so nothing changes in the repository.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import CommandFailedError, RepositoryError
from kubectl_submit.output import Output
from kubectl_submit.process import command, signals
from kubectl_submit.process.masking import mask
from kubectl_submit.source import remotes, temporary_refs
from kubectl_submit.source.git_settings import (
    ADDRESS,
    ASK_NOBODY,
    objects_beside,
    quiet_environment,
)
from kubectl_submit.source.temporary_refs import LeftoverRefs

LOCAL_BUILD = "Or build it here: --build local --allow-dirty."
# What git says where it has not come to the point of pushing.
NO_CONTACT = re.compile(r"[Cc]ould not (read|resolve)|unable to (access|look up|connect)")
IDENTITY = {
    "GIT_AUTHOR_NAME": "kubectl-submit",
    "GIT_AUTHOR_EMAIL": "kubectl-submit@localhost",
    "GIT_COMMITTER_NAME": "kubectl-submit",
    "GIT_COMMITTER_EMAIL": "kubectl-submit@localhost",
}
PUSH = ("push", "--quiet", "--no-verify", "--no-signed", "--no-follow-tags")
PUSH_ELSEWHERE = ("--recurse-submodules=no", ADDRESS)


@dataclass(frozen=True, kw_only=True)
class TemporaryCommit:
    """A commit that is on the remote for the time of a build."""

    commit: str
    ref: str


@contextlib.contextmanager
def push_temporarily(
    root: Path, remote: str, base: str, output: Output
) -> Iterator[TemporaryCommit]:
    """A commit of the working tree on top of `base`, on the remote until this ends.

    Raises RepositoryError where git cannot write it, or the remote does not take it.
    """
    with tempfile.TemporaryDirectory(prefix="kubectl-submit-") as scratch:
        environment = _environment(root, Path(scratch))
        commit = _commit(root, base, environment)
        pushed = TemporaryCommit(commit=commit, ref=temporary_refs.new(commit))
        output.status(f"pushing the working tree to {remote} as {pushed.ref}")
        others: LeftoverRefs | None = None
        refused = False
        try:
            try:
                # The server may finish an interrupted push later, when nothing deletes the ref.
                with signals.held():
                    _push(root, remote, pushed, environment)
                    others = LeftoverRefs(root, remote, temporary_refs.own_prefix())
            except RepositoryError:
                refused = True
                raise
            yield pushed
        finally:
            with signals.held():
                words = _take_back(root, remote, pushed, others.refs_so_far() if others else [])
                if words and not refused:
                    yourself = f"Delete it: git push {remote} :{pushed.ref}"
                    output.error(f"warning: {pushed.ref} stays on {remote}\n{words}\n{yourself}")


def _environment(root: Path, scratch: Path) -> dict[str, str]:
    """An index and an object database of our own, with all that the repository has."""
    index = root / _git(root, "rev-parse", "--git-path", "index")
    objects = root / _git(root, "rev-parse", "--git-path", "objects")
    if index.exists():  # it knows which files have not changed
        shutil.copyfile(index, scratch / "index")
    (scratch / "objects").mkdir()
    return {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects_beside(objects),
    }


def _commit(root: Path, base: str, environment: Mapping[str, str]) -> str:
    """Write the working tree as a commit; its hash is unique to this call."""
    message = f"The working tree as a build got it.\n\n{secrets.token_hex(8)}"
    asked = ("config", "--get", "--type=bool", "--default=false", "core.sparseCheckout")
    sparse = ["--sparse"] if _git(root, *asked) == "true" else []  # unknown to git before 2.34
    _git(root, "-c", "core.safecrlf=false", "add", "--all", *sparse, environment=environment)
    tree = _git(root, "write-tree", environment=environment)
    made = ("commit-tree", "--no-gpg-sign", "-p", base, "-m", message, tree)
    return _git(root, *made, environment={**environment, **IDENTITY})


def _push(root: Path, remote: str, pushed: TemporaryCommit, environment: Mapping[str, str]) -> None:
    try:
        _push_refs(root, remote, [f"{pushed.commit}:{pushed.ref}"], environment)
    except RepositoryError as error:
        to_a_branch = "Commit and push it to a branch."
        reach_it = f"`git push --dry-run {remote}` must work without asking for a password."
        advice = reach_it if NO_CONTACT.search(error.last_words) else to_a_branch
        raise RepositoryError(
            f"the remote {remote} does not take the working tree",
            code=ErrorCode.WORKING_TREE_PUSH_REFUSED,
            last_words=error.last_words,
            remedy=f"{advice} {LOCAL_BUILD}",
        ) from None


def _take_back(root: Path, remote: str, pushed: TemporaryCommit, others: Sequence[str]) -> str:
    """Delete its ref and others; git's last words where one stays."""
    try:
        _push_refs(root, remote, [f":{ref}" for ref in (pushed.ref, *others)])
    except RepositoryError as error:
        return "" if "remote ref does not exist" in error.last_words else error.last_words
    return ""


def _push_refs(
    root: Path, remote: str, refspecs: Sequence[str], environment: Mapping[str, str] = {}
) -> None:
    settings = {**remotes.push_access(root, remote).environment, **environment, **ASK_NOBODY}
    _git(root, *PUSH, *PUSH_ELSEWHERE, *refspecs, environment=settings)


def _git(root: Path, *argv: str, environment: Mapping[str, str] = {}) -> str:
    """What git answers. Raises RepositoryError."""
    settings = {**quiet_environment(), "LC_ALL": "C", **environment}
    try:
        return command.run(["git", *argv], cwd=root, env=settings).stdout.strip("\n")
    except CommandFailedError as error:
        raise RepositoryError(
            f"git {argv[0]} failed", code=ErrorCode.GIT_FAILED, last_words=mask(error.stderr)
        ) from None
