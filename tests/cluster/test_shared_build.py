"""Several submits of one commit: one of them builds, the others take its image."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.gate import Gate
from tests.conftest import Repository, eventually, tags


def images(namespace: Namespace) -> set[str]:
    """The images that commands run in."""
    return {job["spec"]["template"]["spec"]["containers"][0]["image"] for job in runs(namespace)}


def runs(namespace: Namespace) -> list[Any]:
    """The Jobs that run commands."""
    return [job for job in namespace.get("jobs") if not is_build(job)]


def builds(namespace: Namespace) -> list[str]:
    """The names of the Jobs that build images."""
    return [job["metadata"]["name"] for job in namespace.get("jobs") if is_build(job)]


def is_build(job: Any) -> bool:
    return bool(job["metadata"]["name"].endswith("-build"))


@pytest.fixture
def waiting(repository: Repository, gate: Gate) -> Repository:
    """A repository whose build says `slow` and waits at the gate, so that others can join it."""
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN echo slow; {gate.wait}; date > /built\n")
    return repository


def test_submits_at_once_share_one_build(
    waiting: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    commit = waiting.commit()

    running = [
        submit.start("--verbose", "--", "cat", "/built", cwd=waiting.folder) for _ in range(10)
    ]
    for one in running:
        one.wait_for(" slow\n")
    gate.open()
    ended = [one.finish() for one in running]

    assert [one.exit_code for one in ended] == [0] * 10, ended
    assert len({one.stdout for one in ended}) == 1
    assert all(" slow\n" in one.stderr for one in ended)
    assert len(builds(namespace)) == 1
    assert (len(runs(namespace)), len(images(namespace))) == (10, 1)
    assert tags(commit) == [commit]

    again = submit("--", "cat", "/built", cwd=waiting.folder)
    assert again.stdout == ended[0].stdout
    assert f"{commit} exists" in again.stderr
    assert len(builds(namespace)) == 1


def test_who_cancels_leaves_the_build_to_the_others(
    waiting: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    """By Ctrl-C, with `cancel`, or because the machine dies; also the one that began it."""
    waiting.commit()
    names = ("first", "second", "third", "last")
    running = {}
    for name in names:
        running[name] = submit.start(
            "--verbose", f"--name={name}", "--", "true", cwd=waiting.folder
        )
        running[name].wait_for(" slow\n")
    [build] = builds(namespace)
    told = json.loads(submit("list", "-o", "json").stdout)["items"]
    assert {(one["name"].rpartition("-")[0], one["state"]) for one in told} == {
        (name, "Building") for name in names
    }
    assert " slow\n" in submit("logs", "--build", "second").stdout

    running["first"].press_ctrl_c()
    first = running["first"].finish()
    assert first.exit_code == 130
    assert f"job/{build} goes on: 3 other submits wait for it, too" in first.stderr
    running["second"].send(signal.SIGKILL)
    assert submit("cancel", "third").exit_code == 0
    assert json.loads(submit("status", "third", "-o", "json").stdout)["state"] == "Cancelled"
    waits = submit.start("wait", "last")
    gate.open()
    third, last = running["third"].finish(), running["last"].finish()

    assert (third.exit_code, last.exit_code) == (130, 0), (third, last)
    assert "was cancelled by " in third.stderr
    assert waits.finish().exit_code == 0
    assert builds(namespace) == [build]
    assert [one["metadata"]["name"].rpartition("-")[0] for one in runs(namespace)] == ["last"]


def test_a_build_that_fails_fails_for_all_and_is_tried_again(
    repository: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN echo slow; {gate.wait}; exit 3\n")
    repository.commit()

    running = []
    for _ in range(2):
        running.append(submit.start("--verbose", "--", "true", cwd=repository.folder))
        running[-1].wait_for(" slow\n")
    gate.open()
    ended = [*(one.finish() for one in running), submit("--", "true", cwd=repository.folder)]

    for one in ended:
        assert one.exit_code == 125
        assert " slow\n" in one.stderr
        assert "error: the image build failed: exited 1" in one.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_after_a_build_that_was_cancelled_the_next_one_builds(
    slow_build: Repository, namespace: Namespace, submit: Submit
) -> None:
    building = submit.start("--verbose", "--name=first", "--", "true", cwd=slow_build.folder)
    building.wait_for(" slow\n")
    assert submit("cancel", "first").exit_code == 0
    assert building.finish().exit_code == 130

    again = submit.start("--verbose", "--name=second", "--", "true", cwd=slow_build.folder)
    again.wait_for(" slow\n")
    assert len(builds(namespace)) == 2
    again.press_ctrl_c()
    assert again.finish().exit_code == 130

    [run] = json.loads(submit("list", "-o", "json").stdout)["items"]
    assert (run["name"].rpartition("-")[0], run["state"]) == ("first", "Cancelled")


def test_a_dirty_tree_and_a_rebuild_have_builds_of_their_own(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    flags = ((), ("--rebuild",), ("--allow-dirty",))

    assert submit("--", "true", cwd=repository.folder).exit_code == 0
    assert submit("--rebuild", "--", "true", cwd=repository.folder).exit_code == 0
    repository.write("new.txt", "new\n")
    dirty = submit("--allow-dirty", "--", "cat", "new.txt", cwd=repository.folder)

    assert (dirty.exit_code, dirty.stdout) == (0, "new\n"), dirty.stderr
    assert len(builds(namespace)) == len(flags)
