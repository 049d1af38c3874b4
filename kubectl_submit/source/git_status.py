"""What is not committed, parsed from `git status`. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How the working tree differs from its commit; paths from the root."""

    tracked: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()


def parse_status(text: str) -> tuple[Changes, str, str]:
    """Changes, commit (empty before the first) and branch (empty if detached).

    The format is that of `git status --porcelain=v2 --branch -z --no-renames`, git-status(1).
    """
    commit = branch = ""
    tracked: list[str] = []
    untracked: list[str] = []
    submodules: list[str] = []
    for entry in text.split("\0"):
        if entry.startswith("# branch.oid "):
            commit = entry[13:].replace("(initial)", "")
        elif entry.startswith("# branch.head "):
            branch = entry[14:].replace("(detached)", "")
        elif entry.startswith("? "):
            untracked.append(entry[2:])
        elif entry.startswith("u "):  # u XY sub m1 m2 m3 mW h1 h2 h3 path
            tracked.append(entry.split(" ", 10)[10])
        elif entry.startswith("1 "):  # 1 XY sub mH mI mW hH hI path
            _, state, sub, *_, path = entry.split(" ", 8)
            inside = sub.startswith("S") and state[0] == "."
            (submodules if inside else tracked).append(path)
    changes = Changes(
        tracked=tuple(tracked), untracked=tuple(untracked), submodules=tuple(submodules)
    )
    return changes, commit, branch
