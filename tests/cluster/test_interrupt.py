"""Ctrl-C: a build is cancelled, a job goes on."""

from __future__ import annotations

import signal
from collections.abc import Mapping

import pytest

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit
from tests.conftest import Commands, Repository, eventually

OTHERS = (signal.SIGTERM, signal.SIGHUP)


def test_while_the_cluster_builds(
    slow_build: Repository, namespace: Namespace, submit: Submit
) -> None:
    running = submit.start("--verbose", "--", "true", cwd=slow_build.folder)
    running.wait_for(" slow\n")

    running.press_ctrl_c()
    result = running.finish()

    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.endswith("error: interrupted\n")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_while_this_machine_builds(
    slow_build: Repository, namespace: Namespace, submit: Submit
) -> None:
    running = submit.start("--verbose", "--build=local", "--", "true", cwd=slow_build.folder)
    running.wait_for(" slow\n")

    running.press_ctrl_c()
    result = running.finish()

    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.endswith("error: interrupted\n")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_while_the_job_runs(
    namespace: Namespace, submit: Submit, commands: Commands, busybox: str
) -> None:
    wait = f"echo ready; {UNTIL_SIGNED}; echo still there"
    running = submit.start("--workers=2", f"--image={busybox}", "--", "sh", "-c", wait)
    running.wait_for("[0] ready\n")
    running.wait_for("[1] ready\n")

    running.press_ctrl_c()
    result = running.finish()

    assert result.exit_code == 130
    assert sorted(result.stdout.splitlines()) == ["[0] ready", "[1] ready"]
    job = namespace.job()["metadata"]["name"]
    assert f"job/{job} keeps running" in result.stderr
    see, cancel = (line.split(": ", 1)[1].strip() for line in result.stderr.splitlines()[-2:])
    for pod in namespace.names("pods"):
        namespace.sign(pod)
    namespace.wait("--for=condition=Complete", f"job/{job}")
    assert "[0] ready\n[0] still there\n" in commands.run(*see.split()).stdout
    assert commands.run(*cancel.split()).exit_code == 0


def test_while_the_job_waits(namespace: Namespace, submit: Submit, busybox: str) -> None:
    running = submit.start("--gpus=99", f"--image={busybox}", "--", "true")
    running.wait_for("Insufficient nvidia.com/gpu")

    running.press_ctrl_c()
    result = running.finish()

    assert (result.exit_code, result.stdout) == (130, "")
    assert f"job/{namespace.job()['metadata']['name']} keeps running" in result.stderr


def test_twice(
    namespace: Namespace, submit: Submit, busybox: str, with_time_for_ctrl_c: Mapping[str, str]
) -> None:
    command = ("--", "sh", "-c", "echo ready; sleep 300")
    running = submit.start(f"--image={busybox}", *command, env=with_time_for_ctrl_c)
    running.wait_for("ready\n")

    running.press_ctrl_c()
    running.wait_for("Ctrl-C again within 2 seconds cancels it")
    running.press_ctrl_c()
    result = running.finish()

    assert (result.exit_code, "cancelled by " in result.stderr) == (130, True)
    assert submit("wait", namespace.job()["metadata"]["name"]).exit_code == 130


def test_where_it_is_to_cancel(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """As in CI, where nobody comes back for the job."""
    flags = ("--cancel-on-interrupt", f"--image={busybox}")
    running = submit.start(*flags, "--", "sh", "-c", "echo ready; sleep 300")
    running.wait_for("ready\n")

    running.press_ctrl_c()
    result = running.finish()

    assert (result.exit_code, "cancelled by " in result.stderr) == (130, True)
    assert submit("wait", namespace.job()["metadata"]["name"]).exit_code == 130


@pytest.mark.parametrize("number", OTHERS)
def test_other_signals_while_the_cluster_builds(
    slow_build: Repository, namespace: Namespace, submit: Submit, number: signal.Signals
) -> None:
    running = submit.start("--verbose", "--", "true", cwd=slow_build.folder)
    running.wait_for(" slow\n")

    running.send(number)
    result = running.finish()

    assert (result.exit_code, result.stdout) == (130, "")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


@pytest.mark.parametrize("number", OTHERS)
@pytest.mark.parametrize("cancels", [False, True])
def test_other_signals_while_the_job_runs(
    namespace: Namespace, submit: Submit, busybox: str, number: signal.Signals, cancels: bool
) -> None:
    """The terminal is gone, or CI gives up: there is no second one to wait for."""
    flags = ["--cancel-on-interrupt"] if cancels else []
    command = ("--", "sh", "-c", "echo ready; sleep 300")
    running = submit.start(*flags, f"--image={busybox}", *command)
    running.wait_for("ready\n")

    running.send(number)
    result = running.finish()

    assert (result.exit_code, result.stdout) == (130, "ready\n")
    assert "Ctrl-C" not in result.stderr
    job = namespace.job()["metadata"]["name"]
    assert (f"job/{job} keeps running" in result.stderr) == (not cancels)
    waited = submit("wait", job) if cancels else submit("wait", "--timeout=1s", job)
    assert waited.exit_code == (130 if cancels else 124)
