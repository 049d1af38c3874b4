"""How a run on Ray ends: as its RayJob says, whatever becomes of its parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit

from .conftest import WAITING, Rays, Start, eventually

MANIFESTS = Path(__file__).parents[3] / "manifests"


def test_a_submitter_that_is_replaced(start: Start, namespace: Namespace, rays: Rays) -> None:
    """Each line once, though the second one tells all of them again."""
    running = start(f"echo one; echo two; {WAITING}; echo three; exit 4")
    running.wait_for("two\n")
    (first,) = rays.pods("submitter")
    namespace.kubectl("delete", "pod", first, "--wait=false")
    eventually(lambda: [pod for pod in rays.pods("submitter") if pod != first], "a second one")
    result = rays.let_it_end(running)
    assert (result.exit_code, result.stdout) == (4, "one\ntwo\nthree\n"), result.stderr


def test_a_head_that_is_lost(start: Start, namespace: Namespace, rays: Rays) -> None:
    running = start("echo one; sleep 300")
    running.wait_for("one\n")
    (head,) = rays.pods("head")
    namespace.kubectl("delete", "pod", head, "--grace-period=0", "--force")
    result = running.finish()
    assert (result.exit_code, result.stdout) == (125, "one\n")
    assert f"rayjob/{rays.name}: failed without an exit code" in result.stderr


def test_a_command_that_is_stopped_in_ray(start: Start, rays: Rays) -> None:
    """For KubeRay it is complete; it did not succeed."""
    running = start("echo one; sleep 300")
    running.wait_for("one\n")
    rays.on_the_head("ray", "job", "stop", rays.job["status"]["jobId"])
    result = running.finish()
    assert (result.exit_code, result.stdout) == (125, "one\n")
    assert "it was stopped in Ray" in result.stderr


def test_a_command_that_runs_too_long(start: Start, namespace: Namespace, rays: Rays) -> None:
    running = start("echo one; sleep 300", "--timeout=1h")
    running.wait_for("one\n")
    assert rays.job["spec"]["activeDeadlineSeconds"] == 3600
    # The hour is over sooner, but not before a busy node has started the command.
    sooner = '{"spec": {"activeDeadlineSeconds": 1}}'
    namespace.kubectl("patch", "rayjob", rays.name, "--type=merge", f"--patch={sooner}")
    result = running.finish()
    assert (result.exit_code, result.stdout) == (124, "one\n")
    assert "ran longer than --timeout allows" in result.stderr


@pytest.mark.parametrize("how", ["while it runs", "while it starts"])
def test_a_run_that_is_cancelled(start: Start, submit: Submit, rays: Rays, how: str) -> None:
    running = start("echo one; sleep 300")
    running.wait_for("one\n" if how == "while it runs" else "head")
    assert submit("cancel", rays.name).exit_code == 0
    result = running.finish()
    assert result.exit_code == 130
    assert "cancelled by " in result.stderr
    assert "Cancelled" in submit("list").stdout


def test_a_run_that_is_left_alone(start: Start, submit: Submit) -> None:
    """Its story is that of a Job, with Ray's own phases."""
    detached = start("echo one; exit 7", "--detach", "-o", "name").finish()
    name = detached.stdout.strip()
    assert (detached.exit_code, name.startswith("rayjob/")) == (0, True)

    assert submit("wait", name).exit_code == 7

    assert submit("logs", name).stdout == "one\n"
    story = json.loads(submit("status", name, "-o", "json").stdout)
    assert (story["backend"], story["state"], story["exitCode"]) == ("ray", "Failed", 7)
    assert [phase["name"] for phase in story["phases"]] == ["queue", "cluster", "start", "run"]
    assert [pod["exitCode"] for pod in story["pods"]] == [7]


EARLY = """
ray job submit --address "http://$RAY_DASHBOARD_ADDRESS" --submission-id "$RAY_JOB_SUBMISSION_ID" \\
    --no-wait -- sleep 300 >&2 && echo submitted
"""


def test_a_submitter_that_ends_too_early(start: Start, rays: Rays, tmp_path: Path) -> None:
    """The RayJob decides, though the command still runs: KubeRay gives up on it."""
    own = yaml.safe_load((MANIFESTS / "ray-job.yml").read_text(encoding="utf-8"))
    submitter = own["spec"]["submitterPodTemplate"]["spec"]["containers"][0]
    submitter["command"] = ["bash", "-c", EARLY]
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(own), encoding="utf-8")

    result = start("unused", f"--manifest={path}").finish()

    assert result.exit_code == 125
    assert "submitted" in result.stdout
    assert f"rayjob/{rays.name}: failed without an exit code" in result.stderr
