"""The command as a process of its own: signals, pipes, missing programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.patience import PATIENCE

from .clusters import created, lines, replay
from .programs import FOREVER, Answer, Program, Signal
from .repositories import Project
from .samples import Run

COMMAND = [sys.executable, "-m", "kubectl_submit"]
# A second Ctrl-C counts for two seconds: too short for a busy machine, and long to wait for.
WITH_TIME_FOR_CTRL_C = """
from kubectl_submit import __main__
from kubectl_submit.commands import foreground
assert foreground.CANCEL_WINDOW_SECONDS == 2
foreground.CANCEL_WINDOW_SECONDS = {}
__main__.main()
"""
PACKAGE = Path(__file__).parents[2]


def start(
    *arguments: str, stdout: int = subprocess.PIPE, command: Sequence[str] = COMMAND
) -> subprocess.Popen[str]:
    """The command, begun."""
    return subprocess.Popen(
        [*command, *arguments, "--", "true"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_waiting_for_ctrl_c(seconds: float, *arguments: str) -> subprocess.Popen[str]:
    """The command, which gives a second Ctrl-C so much time."""
    command = [sys.executable, "-c", WITH_TIME_FOR_CTRL_C.format(seconds)]
    return start(*arguments, command=command)


@pytest.fixture
def running(kubectl: Program) -> Program:
    """A cluster in which the job runs and does not end."""
    run = Run("pod-deleted")
    replay(kubectl, run)
    kubectl.on("create", Answer(created(run)))
    kubectl.on("/jobs?", Answer(lines(run.job[:1]), FOREVER))
    kubectl.on("/pods?", Answer(lines(run.pods_until('"running"')), FOREVER))
    [log] = run.logs.values()
    kubectl.on("logs", Answer(log.splitlines(keepends=True)[0], FOREVER))
    kubectl.on("delete", Answer())
    return kubectl


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_detaches_from_what_runs(running: Program, which: signal.Signals) -> None:
    process = start_waiting_for_ctrl_c(0, "--image", "app")
    assert process.stdout
    assert process.stdout.readline() == "waits\n"
    process.send_signal(which)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "detached; job/recorded-pod-deleted keeps running" in err
    assert "kubectl submit logs -f recorded-pod-deleted -n unit-samples\n" in err
    assert "kubectl submit cancel recorded-pod-deleted -n unit-samples\n" in err
    assert running.calls("delete") == []
    assert running.running == []


def test_a_signal_during_the_create_orphans_nothing(running: Program) -> None:
    """What was created is known, although the signal came before kubectl had answered."""
    run = Run("pod-deleted")
    running.on("create", Answer(Signal(signal.SIGINT.value), created(run)))
    running.on("create", "--dry-run=server", Answer())
    process = start_waiting_for_ctrl_c(0, "--image", "app")
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "detached; job/recorded-pod-deleted keeps running" in err
    assert running.running == []


@pytest.mark.parametrize("signals", [[signal.SIGINT] * 2, [signal.SIGTERM]])
def test_a_job_is_cancelled_where_that_is_asked_for(
    running: Program, signals: list[signal.Signals]
) -> None:
    run = Run("pod-deleted")
    run.job[0]["object"]["metadata"] |= {"creationTimestamp": "2026-11-22T17:00:00Z"}
    listed = json.dumps({"items": [json.loads(created(run))]})
    running.on("/jobs?labelSelector", Answer(listed))
    running.on("/rayjobs?labelSelector", Answer(stderr="(NotFound)", exit_code=1))
    running.on("/pods?labelSelector=app", Answer('{"items": []}'))
    running.on("patch", Answer())
    flags = [] if len(signals) > 1 else ["--cancel-on-interrupt"]
    process = start_waiting_for_ctrl_c(PATIENCE, "--image", "app", *flags)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "waits\n"
    process.send_signal(signals[0])
    if not flags:
        while "Ctrl-C again" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signals[1])
    _, err = process.communicate()
    assert (process.returncode, "cancelled by " in err) == (130, True)
    assert '"activeDeadlineSeconds": 1' in running.call("patch").flag("--patch")
    assert running.running == []


@pytest.fixture
def building(project: Project, kubectl: Program, docker: Program) -> Program:
    """A docker that builds without an end."""
    kubectl.on("create", "--dry-run=server", Answer("{}"))
    docker.on(Answer())
    docker.on("--push", Answer("#1 building\n", FOREVER))
    return docker


def test_a_signal_ends_a_local_build(building: Program, tmp_path: Path) -> None:
    process = start("--verbose", "--build", "local", "--image-repository", "localhost:5000/app")
    assert process.stderr
    while process.stderr.readline() != "#1 building\n":
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, "error: interrupted\n")
    assert building.running == []
    assert list((tmp_path / "tmp").iterdir()) == []


def ended(kubectl: Program, name: str) -> None:
    run = Run(name)
    replay(kubectl, run)
    kubectl.on("create", Answer(created(run)))


@pytest.mark.parametrize(("name", "exit_code"), [("succeeded", 0), ("failed", 7)])
def test_the_exit_code_is_the_jobs_even_if_nobody_reads(
    kubectl: Program, name: str, exit_code: int
) -> None:
    ended(kubectl, name)
    reader, writer = os.pipe()
    os.close(reader)
    process = start("--image", "app", "--quiet", stdout=writer)
    os.close(writer)
    _, err = process.communicate()
    assert process.returncode == exit_code
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_output_that_cannot_be_written_is_an_error(kubectl: Program, tmp_path: Path) -> None:
    ended(kubectl, "failed")
    (tmp_path / "unwritable").touch()
    descriptor = os.open(tmp_path / "unwritable", os.O_RDONLY)
    process = start("--image", "app", "--quiet", stdout=descriptor)
    os.close(descriptor)
    _, err = process.communicate()
    assert process.returncode == 125
    assert err.startswith("error: cannot write the output: ")
    assert "Traceback" not in err
    assert "kubectl submit logs -f recorded-failed -n unit-samples\n" in err


@pytest.mark.parametrize("program", ["git", "kubectl"])
def test_a_program_that_is_missing_is_told(project: Project, tmp_path: Path, program: str) -> None:
    if program == "git":
        (tmp_path / "bin" / "git").unlink()
    process = start("--build", "local", "--image-repository", "localhost:5000/app", "--verbose")
    _, err = process.communicate()
    assert process.returncode == 125
    assert f"error: {program} " in err
    assert err.endswith("\ncode: program-not-found\n")
    assert "Traceback" not in err


def test_verbose_shows_every_command_but_no_token(kubectl: Program) -> None:
    ended(kubectl, "failed")
    process = start("--image", "app", "--verbose", "--token", "s3cret", "--context", "a b")
    _, err = process.communicate()
    assert "+ kubectl create -f - -o json '--context=a b' '--token=***'\n" in err
    assert "s3cret" not in err


def test_help_and_mistakes_load_nothing_heavy() -> None:
    code = (
        "import sys; from kubectl_submit.cli import main; main.run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr)"
    )
    for arguments in (["--help"], ["--nonsense"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            check=True,
            capture_output=True,
            text=True,
        )
        loaded = set(done.stderr.splitlines()[-1].split())
        assert "click" in loaded
        assert loaded.isdisjoint({"sh", "git", "ruamel.yaml", "yaml", "rich"})
