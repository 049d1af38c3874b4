"""The gate: what is built is what others can get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError
from kubectl_submit.source import gate
from kubectl_submit.source.git_status import Changes
from kubectl_submit.source.repository import Snapshot
from tests.errors import raises_code

CLEAN = Snapshot(
    root=Path("/project"),
    commit="0123456789" * 4,
    branch="main",
    remote="origin",
    url="https://git.example/app",
    pushed=True,
    email="ada@example.com",
)
MANY = tuple(f"file{number}" for number in range(9))


def changed(**changes: tuple[str, ...]) -> Snapshot:
    return replace(CLEAN, changes=Changes(**changes))


def test_a_pushed_commit_has_no_fault() -> None:
    gate.check(CLEAN)
    assert gate.problems(CLEAN) == []


@pytest.mark.parametrize(
    ("snapshot", "fault", "remedy"),
    [
        (changed(tracked=("a.py",)), "1 tracked file is changed: a.py", "git commit -a"),
        (changed(tracked=("a", "b c")), "2 tracked files are changed: a, b c", "git commit -a"),
        (changed(untracked=("new",)), "1 file is not in git: new", "git add"),
        (changed(untracked=MANY), "9 files are not in git: file0", ".gitignore"),
        (changed(submodules=("lib",)), "1 submodule is changed: lib", "Commit and push inside"),
        (
            replace(CLEAN, unpushed_submodules=("lib",)),
            "the commit of 1 submodule is not on its remote: lib",
            "Push inside",
        ),
        (replace(CLEAN, remote="", pushed=False), "no remote", "git remote add origin URL"),
        (
            replace(CLEAN, pushed=False),
            "the commit 0123456 is not on the remote origin",
            "git push origin main",
        ),
        (
            replace(CLEAN, pushed=False, branch=""),
            "the commit 0123456 is not on the remote origin",
            f"git push origin {CLEAN.commit}:refs/heads/",
        ),
    ],
)
def test_names_the_fault_and_its_remedy(snapshot: Snapshot, fault: str, remedy: str) -> None:
    with raises_code(ErrorCode.COMMIT_NOT_AVAILABLE, GateError) as refused:
        gate.check(snapshot)
    assert len(gate.problems(snapshot)) == 1
    assert fault in str(refused.value)
    assert remedy in str(refused.value)
    submodules = snapshot.changes.submodules or snapshot.unpushed_submodules
    lendable = snapshot.remote and not submodules
    assert "--allow-dirty." in refused.value.remedy
    assert ("--build local" in refused.value.remedy) == (not lendable)


def test_a_remote_that_does_not_answer_is_no_reason_to_push() -> None:
    words = "ssh: connect to host git.example port 22: Connection timed out"
    snapshot = replace(CLEAN, pushed=False, silence=words)
    with raises_code(ErrorCode.COMMIT_NOT_AVAILABLE, GateError) as refused:
        gate.check(snapshot)
    assert refused.value.message == "this working tree is not a commit that others can get"
    assert f"    {words}\n" in refused.value.last_words
    assert "git ls-remote origin" in refused.value.last_words
    assert "push" not in str(refused.value).lower()
    assert "--build local --allow-dirty" in refused.value.remedy


def test_a_remote_that_tells_only_of_tips() -> None:
    """Whether the commit is pushed, it does not say; the branches here may."""
    [fault] = gate.problems(replace(CLEAN, pushed=False, only_tips=True))
    assert f"and none points at {CLEAN.commit[:7]}\n    Push with `git push origin" in fault
    assert fault.endswith("or if it is pushed, run `git fetch origin`.")


def test_names_all_faults_at_once() -> None:
    changes = Changes(tracked=("a",), untracked=("b",), submodules=("c",))
    found = gate.problems(replace(CLEAN, changes=changes, pushed=False))
    assert [
        next(
            words
            for words in ("changed: a", "in git: b", "changed: c", "not on the remote")
            if words in fault
        )
        for fault in found
    ] == ["changed: a", "in git: b", "changed: c", "not on the remote"]


def test_of_many_files_shows_some_and_counts_the_rest() -> None:
    [fault] = gate.problems(changed(untracked=MANY))
    assert "file0, file1, file2, file3, file4 and 4 more\n" in fault


@pytest.mark.parametrize("path", ["a\x1b[2Jb", "a\nb", "a\udcffb"])
def test_a_name_cannot_play_with_the_terminal(path: str) -> None:
    [fault] = gate.problems(changed(untracked=(path,)))
    shown = fault.splitlines()[0]
    assert path not in fault
    assert shown.isprintable()
    assert ascii(path) in shown
