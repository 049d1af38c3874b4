"""The gate: what is built is what the remote has. Pure."""

from __future__ import annotations

from kubectl_submit.errors import GateError
from kubectl_submit.repository import Snapshot

SHOWN = 5


def faults(snapshot: Snapshot) -> list[str]:
    """Every reason why the commit is not what others would get, each with its remedy."""
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
    if not snapshot.remote:
        found.append(
            "there is no remote that has the commit\n"
            "    Add one with `git remote add origin URL`, or choose one with --git-remote."
        )
    elif not snapshot.pushed:
        target = f" {snapshot.remote} {snapshot.branch or f'{snapshot.commit}:refs/heads/…'}"
        found.append(
            f"the commit {snapshot.commit[:7]} is not on the remote {snapshot.remote}\n"
            f"    Push with `git push{target}`."
        )
    return found


def check(snapshot: Snapshot) -> None:
    """Raise GateError with all faults at once, if there is one."""
    found = faults(snapshot)
    if found:
        raise GateError(
            "this working tree is not a commit that others can get",
            last_words="\n".join(f"  - {fault}" for fault in found),
            remedy=f"Or build the working tree as it is: {_way_out(snapshot)}.",
        )


def _way_out(snapshot: Snapshot) -> str:
    """The flags that build it: the cluster needs a remote, and submodules as they are there."""
    lendable = snapshot.remote and not snapshot.changes.submodules
    return "--allow-dirty" if lendable else "--build local --allow-dirty"


def shown(path: str) -> str:
    """A path with what a terminal must not see written as an escape."""
    return path if path.isprintable() else ascii(path)


def _count(paths: tuple[str, ...], what: str) -> str:
    return f"1 {what} is" if len(paths) == 1 else f"{len(paths)} {what}s are"


def _list(paths: tuple[str, ...]) -> str:
    some = [shown(path) for path in paths[:SHOWN]]
    more = len(paths) - len(some)
    return ", ".join(some) + (f" and {more} more" if more else "")
