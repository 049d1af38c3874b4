"""Runs in the queues of a real Kueue: they wait, are admitted, are preempted, and end as ever."""

from __future__ import annotations

import pytest

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit
from tests.cluster.ray.conftest import ray
from tests.conftest import Repository, Running

from .conftest import Queue

FULL = "insufficient unused quota for cpu"
HOLDS = ("sh", "-c", f"echo holds; {UNTIL_SIGNED}; exit 3")
"""The command of a run that takes all of the quota, until the test calls `let_go`."""


@pytest.fixture
def holding(queue: Queue, submit: Submit, busybox: str) -> Running:
    """A run that has been admitted and leaves no room for another one."""
    running = submit.start(*queue.flags, "--name=holding", f"--image={busybox}", "--", *HOLDS)
    running.wait_for("holds\n")
    return running


def pods_of(run: str, namespace: Namespace) -> list[str]:
    """The pods of a run with this --name."""
    return [name for name in namespace.names("pods") if name.startswith(f"{run}-")]


def let_go(namespace: Namespace, running: Running) -> None:
    """Let it end, and see how."""
    namespace.sign(pods_of("holding", namespace)[-1])
    ended = running.finish()
    assert (ended.exit_code, ended.stdout.splitlines()[-1]) == (3, "holds"), ended.stderr


def test_runs_wait_for_their_turn(
    queue: Queue, namespace: Namespace, submit: Submit, busybox: str, holding: Running
) -> None:
    flags = (*queue.flags, f"--image={busybox}")
    second = submit.start(*flags, "--name=second", "--", "sh", "-c", "echo second; exit 4")
    second.wait_for("queued in team-a, next: ")
    third = submit.start(*flags, "--name=third", "--", "sh", "-c", "echo third; exit 5")
    third.wait_for("queued in team-a, 1 ahead")
    assert submit("list").stdout.count("Queued") == 2
    assert len(namespace.names("pods")) == 1

    let_go(namespace, holding)
    ends = [one.finish() for one in (second, third)]

    assert [(one.exit_code, one.stdout) for one in ends] == [(4, "second\n"), (5, "third\n")]
    assert FULL in ends[0].stderr
    assert submit("wait", "second").exit_code == 4


def test_all_workers_are_admitted_together(
    queue: Queue, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """Two ask for more than there is, although there is room for one."""
    running = submit.start(*queue.flags, "--workers=2", f"--image={busybox}", "--", "echo", "done")
    running.wait_for("> maximum capacity")
    assert namespace.names("pods") == []

    queue.set_cpu("200m")
    result = running.finish()

    assert (result.exit_code, sorted(result.stdout.splitlines())) == (0, ["[0] done", "[1] done"])


def test_a_queued_run_is_cancelled(
    namespace: Namespace, submit: Submit, queue: Queue, busybox: str, holding: Running
) -> None:
    waiting = submit.start(*queue.flags, "--name=waits", f"--image={busybox}", "--", "true")
    waiting.wait_for("queued in team-a")

    assert submit("cancel", "waits").exit_code == 0

    assert waiting.finish().exit_code == 130
    assert "Cancelled" in submit("list").stdout
    let_go(namespace, holding)
    assert pods_of("waits", namespace) == []


def test_a_run_that_is_preempted(
    queue: Queue, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """It begins again when the urgent one has ended: no line twice that was written once."""
    low, high = queue.create_priority("low", 1), queue.create_priority("high", 1000)
    script = f"echo try $(cat /proc/sys/kernel/random/uuid); {UNTIL_SIGNED}; echo ends; exit 5"
    flags = (*queue.flags, f"--image={busybox}")
    running = submit.start(*flags, "--name=low", f"--priority={low}", "--", "sh", "-c", script)
    running.wait_for("try ")

    urgent = (f"--priority={high}", "--name=high", "--", "sh", "-c", f"echo urgent; {UNTIL_SIGNED}")
    preempting = submit.start(*flags, *urgent)
    running.wait_for("; its pods were stopped, and will start again")
    preempting.wait_for("urgent\n")
    assert "Queued" in submit("status", "low").stdout
    [pod] = pods_of("high", namespace)
    namespace.sign(pod)
    assert preempting.finish().exit_code == 0
    running.wait_for("the command begins again: the Job was suspended and resumed\n")
    [pod] = pods_of("low", namespace)
    namespace.sign(pod)
    result = running.finish()

    first, second, last = result.stdout.splitlines()
    assert (first[:4], second[:4], last, first == second) == ("try ", "try ", "ends", False)
    assert result.exit_code == 5
    assert "Preempted to accommodate a workload" in result.stderr
    assert submit("wait", "low").exit_code == 5


def test_a_job_without_a_queue_where_it_needs_one(
    namespace: Namespace, submit: Submit, queue: Queue, busybox: str
) -> None:
    """As with `manageJobsWithoutQueueName`: it is told what to do, and nothing runs."""
    running = submit.start("--cpu=100m", "--name=lost", f"--image={busybox}", "--", "true")
    running.wait_for("queued: jobs need a queue here, say --queue NAME")
    assert namespace.names("pods") == []
    assert submit("cancel", "lost").exit_code == 0
    assert running.finish().exit_code == 130

    queue.create_local_queue("default")  # takes what names no queue
    result = submit("--cpu=100m", "--name=found", f"--image={busybox}", "--", "echo", "done")

    assert (result.exit_code, result.stdout) == (0, "done\n"), result.stderr


def test_the_build_goes_through_the_queue_too(
    repository: Repository, namespace: Namespace, submit: Submit, queue: Queue, holding: Running
) -> None:
    queue.set_cpu("300m")  # for the build or for the other run, but not for both
    repository.commit()
    lost = submit.start("--cpu=100m", "--", "true", cwd=repository.folder)
    lost.wait_for("the build is queued: jobs need a queue here, say --queue NAME")
    lost.press_ctrl_c()
    assert lost.finish().exit_code == 130

    repository.commit()
    running = submit.start(*queue.flags, "--", "echo", "done", cwd=repository.folder)
    running.wait_for("the build is queued in team-a")
    let_go(namespace, holding)
    result = running.finish()

    assert (result.exit_code, result.stdout) == (0, "done\n"), result.stderr
    in_the_queue = namespace.get("jobs", "kueue.x-k8s.io/queue-name=team-a")
    assert len(in_the_queue) == 3  # the run that held the quota, the build, the run


@pytest.mark.usefixtures("kuberay")
def test_a_ray_job_waits_too(
    namespace: Namespace, submit: Submit, queue: Queue, holding: Running, ray: str
) -> None:
    flags = ("--execution=ray", "--queue=team-a", "--name=ray", f"--image={ray}")
    running = submit.start(*flags, "--", "bash", "-c", "echo ran; exit 9")
    running.wait_for("queued in team-a")
    assert namespace.names("rayclusters") == []

    queue.set_cpu("2")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (9, "ran\n"), result.stderr
    let_go(namespace, holding)


__all__ = ["ray"]
