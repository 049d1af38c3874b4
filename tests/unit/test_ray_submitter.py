"""The program in manifests/ray-job.yml that hands a command to Ray and copies its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.manifests import files, tree
from tests.patience import PATIENCE
from tests.unit.ray_dashboard import Dashboard, dashboard

LINES = b"one\n\xff\xfe not UTF-8\n" + "".join(f"line {n}\n" for n in range(5000)).encode()
CONTACT = "CONTACT_SECONDS = 60"


def program() -> str:
    """The program as it stands in the manifest."""
    (root,) = tree.load(*files.read(None, "ray-job.yml"))
    container = root["spec"]["submitterPodTemplate"]["spec"]["containers"][0]
    return str(container["command"][-1])


class Submitter:
    """Runs it as KubeRay would; what it leaves as its pod's termination message is `message`."""

    def __init__(self, ray: Dashboard, folder: Path) -> None:
        self.ray = ray
        self._message = folder / "termination-log"
        self.program = program().replace("/dev/termination-log", str(self._message))

    def start(self, **request: Any) -> subprocess.Popen[bytes]:
        """Start it for a command."""
        environment = {
            **os.environ,
            "RAY_DASHBOARD_ADDRESS": self.ray.address,
            "RAY_JOB_SUBMISSION_ID": "run-1",
            "REQUEST": json.dumps({"entrypoint": "python train.py", **request}),
        }
        argv = [sys.executable, "-c", self.program]
        return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE)

    def output(self, **request: Any) -> bytes:
        """Run it to its end, which is always a good one."""
        running = self.start(**request)
        output, _ = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0
        return output

    @property
    def message(self) -> str:
        """What it left to be read."""
        return self._message.read_text(encoding="utf-8")


@pytest.fixture
def submitter(tmp_path: Path) -> Iterator[Submitter]:
    """A submitter, and a Ray that has not heard of it."""
    with dashboard() as ray:
        yield Submitter(ray, tmp_path)


def test_submits_and_copies_the_output_alone(submitter: Submitter) -> None:
    submitter.ray.status = "SUCCEEDED"
    submitter.ray.log = LINES
    assert submitter.output(entrypoint_num_gpus=1, entrypoint="a 'b\nc'") == LINES
    assert submitter.ray.jobs == [
        {"submission_id": "run-1", "entrypoint": "a 'b\nc'", "entrypoint_num_gpus": 1}
    ]
    assert submitter.message == ""


def test_copies_while_the_command_runs_and_across_broken_streams(submitter: Submitter) -> None:
    ray = submitter.ray
    ray.log = LINES
    ray.cut_streams = [0, 10, 60, 1000, 3000]
    running = submitter.start()
    assert running.stdout
    assert running.stdout.read(len(LINES)) == LINES
    ray.log += b"more"
    ray.status = "FAILED"
    assert running.stdout.read() == b"more"
    assert running.wait(PATIENCE) == 0


def test_a_second_submitter_copies_all_and_submits_nothing(submitter: Submitter) -> None:
    submitter.ray.knows(submission_id="run-1", entrypoint="python train.py")
    submitter.ray.log += LINES
    submitter.ray.status = "STOPPED"
    assert submitter.output() == LINES
    assert len(submitter.ray.jobs) == 1


def test_a_submission_whose_answer_was_lost_is_not_made_again(submitter: Submitter) -> None:
    submitter.ray.cut_submission = True
    submitter.ray.status = "SUCCEEDED"
    submitter.ray.log = b"once\n"
    assert submitter.output() == b"once\n"
    assert len(submitter.ray.jobs) == 1


def test_output_of_a_ray_that_writes_no_line_of_its_own(submitter: Submitter) -> None:
    submitter.ray.knows(submission_id="run-1", entrypoint="")
    submitter.ray.log = b"Running alone\n"
    running = submitter.start()
    assert running.stdout
    assert running.stdout.read(8) == b"Running "
    submitter.ray.status = "SUCCEEDED"
    assert running.stdout.read() == b"alone\n"
    assert running.wait(PATIENCE) == 0


def test_output_that_overtakes_rays_own_line(submitter: Submitter) -> None:
    submitter.ray.early = b"one\nRunning entry"
    submitter.ray.log = b"point\ntwo\n"
    submitter.ray.cut_streams = [*range(80, 160)]
    submitter.ray.status = "SUCCEEDED"
    assert submitter.output() == b"one\nRunning entrypoint\ntwo\n"


def test_a_command_that_writes_nothing_but_what_ray_could_have_written(
    submitter: Submitter,
) -> None:
    submitter.ray.knows(submission_id="run-1", entrypoint="python train.py")
    submitter.ray.log = b"Running entrypoint for job run-1"
    submitter.ray.status = "SUCCEEDED"
    assert submitter.output() == b"Running entrypoint for job run-1"


def test_a_lost_head_ends_it_without_a_second_submission(submitter: Submitter) -> None:
    ray = submitter.ray
    ray.log = b"begun\n"
    running = submitter.start()
    assert running.stdout
    assert running.stdout.read(6) == b"begun\n"
    ray.known = False
    assert running.stdout.read() == b""
    assert running.wait(PATIENCE) == 0
    assert "does not know the command any more" in submitter.message
    assert len(ray.jobs) == 1


def test_a_refused_command_is_told(submitter: Submitter) -> None:
    submitter.ray.refusal = "ValueError: no such resource"
    assert submitter.output() == b""
    assert "no such resource" in submitter.message


def test_a_ray_out_of_reach_is_told(submitter: Submitter) -> None:
    submitter.ray.address = "127.0.0.1:9"
    assert CONTACT in submitter.program
    submitter.program = submitter.program.replace(CONTACT, "CONTACT_SECONDS = 1")
    assert submitter.output() == b""
    assert "no contact with Ray" in submitter.message
