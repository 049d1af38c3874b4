"""The job's output is the command's output: complete, in order, unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit
from tests.conftest import Commands, eventually

ALL_BYTES = bytes(range(256)) * 3
WRITE = f"import sys; sys.stdout.buffer.write({ALL_BYTES!r})"
LONG_LINE = 1_000_000
READ_LATER = (
    "bash",
    "-c",
    'kubectl submit -n "$1" --image "$2" -- sh -c "$3"'
    ' | { until test -e "$4"; do sleep 0.1; done; cat; }; exit ${PIPESTATUS[0]}',
    "bash",
)
"""With a namespace, an image, a command and a file: nobody reads the output until there is that."""


def test_bytes_without_a_last_newline(submit: Submit, python: str) -> None:
    result = submit(f"--image={python}", "--", "python", "-c", WRITE)

    assert (result.exit_code, result.output) == (0, ALL_BYTES)


def test_twenty_thousand_lines(namespace: Namespace, submit: Submit, busybox: str) -> None:
    count = f"seq 20000; {UNTIL_SIGNED}"

    running = submit.start(f"--image={busybox}", "--", "sh", "-c", count)
    running.wait_for("\n20000\n")
    namespace.sign_after("20000")
    result = running.finish()

    assert result.exit_code == 0
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 20001))


def test_lines_of_all_workers(namespace: Namespace, submit: Submit, busybox: str) -> None:
    count = f'for n in $(seq 2000); do echo "$n of $NODE_RANK"; done; {UNTIL_SIGNED}'

    running = submit.start("--workers=3", f"--image={busybox}", "--", "sh", "-c", count)
    for rank in range(3):
        running.wait_for(f"[{rank}] 2000 of {rank}\n")
    for pod in namespace.names("pods"):
        namespace.sign(pod)
    result = running.finish()

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 6000
    for rank in range(3):
        of_rank = [line for line in lines if line.startswith(f"[{rank}] ")]
        assert of_rank == [f"[{rank}] {n} of {rank}" for n in range(1, 2001)]


def test_a_very_long_line(namespace: Namespace, submit: Submit, python: str) -> None:
    write = f"python -c \"print('x' * {LONG_LINE} + '.')\"; {UNTIL_SIGNED}"

    running = submit.start(f"--image={python}", "--", "sh", "-c", write)
    eventually(lambda: namespace.get("pods"), "there is a pod")
    namespace.wait("--for=condition=Ready", "--all", "pods")
    namespace.sign_after(".")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (0, "x" * LONG_LINE + ".\n")


def test_empty_lines_and_both_streams(submit: Submit, busybox: str) -> None:
    result = submit(f"--image={busybox}", "--", "sh", "-c", "echo; echo out; echo; echo err >&2")

    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == ["", "", "err", "out"]


def test_quiet(submit: Submit, busybox: str) -> None:
    result = submit("--quiet", f"--image={busybox}", "--", "echo", "hello")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "hello\n", "")


def test_a_reader_that_has_enough(namespace: Namespace, commands: Commands, busybox: str) -> None:
    """The job writes on long after `head` has gone."""
    count = "for n in $(seq 30); do echo line $n; sleep 0.1; done; exit 3"
    pipe = 'kubectl submit -n "$1" --image "$2" -- sh -c "$3" | head -n 1; exit ${PIPESTATUS[0]}'

    result = commands.run("bash", "-c", pipe, "bash", namespace.name, busybox, count)

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (3, "line 1\n")
    assert result.stderr.startswith(f"job/{job} runs {busybox.removesuffix(':1')}")
    assert result.stderr.endswith(f"job/{job}: exited 3\n")
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr


def test_a_reader_that_takes_its_time(
    namespace: Namespace, commands: Commands, busybox: str, tmp_path: Path
) -> None:
    """As a pager does: the job has long ended when the rest, too little to be rotated, is read."""
    go = tmp_path / "go"
    write = f"seq 150000; {UNTIL_SIGNED}; exit 3"

    running = commands.start(*READ_LATER, namespace.name, busybox, write, str(go))
    running.wait_for("job/")
    namespace.wait("--for=jsonpath={.status.ready}=1", "--all", "jobs")
    namespace.sign_after("150000")
    namespace.wait("--for=condition=Failed", "--all", "jobs")
    go.touch()
    result = running.finish()

    assert result.exit_code == 3
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 150001))
    assert "missing" not in result.stderr


def test_an_output_that_cannot_be_written(
    namespace: Namespace, commands: Commands, busybox: str
) -> None:
    """As on a full disk."""
    full = 'kubectl submit -n "$1" --image "$2" -- echo hello > /dev/full'

    result = commands.run("bash", "-c", full, "bash", namespace.name, busybox)

    assert result.exit_code == 125
    assert "No space left on device" in result.stderr
    assert f"job/{namespace.job()['metadata']['name']}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("messages", ["2> /dev/full", "2> >(exec true)"])
def test_messages_that_nobody_reads(
    namespace: Namespace, commands: Commands, busybox: str, messages: str
) -> None:
    """They have no part in how it ends."""
    run = f'kubectl submit -n "$1" --image "$2" -- sh -c "sleep 1; echo hello; exit 9" {messages}'

    result = commands.run("bash", "-c", run, "bash", namespace.name, busybox)

    assert (result.exit_code, result.stdout) == (9, "hello\n")


def test_a_document_beside_messages_that_nobody_reads(
    namespace: Namespace, commands: Commands, busybox: str
) -> None:
    run = 'kubectl submit -n "$1" --image "$2" -o json -- seq 20000 2> >(head -n 1 > /dev/null)'

    result = commands.run("bash", "-c", run, "bash", namespace.name, busybox)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["exitCode"] == 0


GOES_ON = "seq 100000; sleep 300"


def test_ctrl_c_while_the_reader_pauses(
    namespace: Namespace, commands: Commands, busybox: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    running = commands.start(*READ_LATER, namespace.name, busybox, GOES_ON, str(go))
    running.wait_for("job/")
    namespace.wait("--for=jsonpath={.status.ready}=1", "--all", "jobs")

    running.press_ctrl_c()
    running.wait_for("keeps running")

    go.touch()
    assert running.finish().exit_code == 130


def test_a_job_that_is_deleted_while_the_reader_pauses(
    namespace: Namespace, commands: Commands, busybox: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    running = commands.start(*READ_LATER, namespace.name, busybox, GOES_ON, str(go))
    running.wait_for("job/")
    namespace.wait("--for=jsonpath={.status.ready}=1", "--all", "jobs")

    namespace.await_written("100000")
    namespace.kubectl("delete", "jobs", "--all", "--wait=false")
    go.touch()
    result = running.finish()

    assert result.exit_code == 125
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 100001))
    assert "was deleted" in result.stderr
