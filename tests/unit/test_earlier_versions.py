"""Today's commands read the runs of earlier versions, as docs/stability.md promises."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from kubectl_submit.cli import main

from .programs import Answer, Logs, Program
from .samples import DATA, Object

FOLDER = DATA / "earlier"
COMMIT = "3b9a2f61e8142a9a1b25d78694f240d4198ca49c"
RANK = "batch.kubernetes.io/job-completion-index"
# How the later commands find a run. The fake has no answer to any other selector.
MANAGED = {"app.kubernetes.io/managed-by": "kubectl-submit"}
EXITED = {
    "jobDeploymentStatus": "Failed",
    "jobStatus": "FAILED",
    "reason": "AppFailed",
    "message": "Job entrypoint command failed with exit code 9, last available logs:",
}
"""What KubeRay says of a command that has failed."""


def objects(*runs: str) -> list[Object]:
    """What the cluster had of these runs."""
    texts = [(FOLDER / f"{run}.yaml").read_text(encoding="utf-8") for run in runs]
    return [obj for text in texts for obj in yaml.safe_load_all(text)]


def name(run: str) -> str:
    """The name of a run."""
    return str(objects(run)[0]["metadata"]["labels"]["kubectl-submit/name"])


def serve(kubectl: Program, found: list[Object]) -> None:
    """Let kubectl answer as a cluster with these objects; their events are gone after an hour."""
    kubectl.on("get", "--raw", "/events?", Answer(json.dumps({"items": []})))
    jobs = [one for one in found if one["kind"] == "Job"]
    pods = [one for one in found if one["kind"] == "Pod"]
    ray_jobs = [one for one in found if one["kind"] == "RayJob"]
    answer(kubectl, "/jobs?", jobs, MANAGED)
    answer(kubectl, "/rayjobs?", ray_jobs, MANAGED)
    lasting = [pod for pod in pods if pod["status"]["phase"] != "Succeeded"]
    answer(kubectl, "/pods?", lasting, MANAGED)
    for one in sorted([*jobs, *ray_jobs], key=lambda one: len(one["metadata"]["name"])):
        job_name = {"batch.kubernetes.io/job-name": one["metadata"]["name"]}
        answer(kubectl, "/pods?", pods, job_name)
    kubectl.on("logs", Answer(logs(pods)))
    kubectl.on("patch", Answer())


def answer(kubectl: Program, path: str, found: list[Object], labels: dict[str, str]) -> None:
    """Answer a list of the objects with these labels."""
    items = [one for one in found if labels.items() <= one["metadata"]["labels"].items()]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    asked = urlencode({"labelSelector": selector})
    kubectl.on("get", "--raw", path, asked, Answer(json.dumps({"items": items})))


def logs(pods: list[Object]) -> Logs:
    """The logs of these pods."""
    found = {}
    for metadata in (pod["metadata"] for pod in pods):
        log = FOLDER / f"{metadata['name']}.log"
        if log.exists():
            rank = int(metadata["labels"].get(RANK, 0))
            found[metadata["name"]] = rank, log.read_text(encoding="utf-8")
    return Logs(found)


def shown(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The document that a command writes."""
    assert main.run([*arguments, "-n", "team", "-o", "json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_list_shows_them(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    serve(kubectl, objects("built", "failed", "running", "unbuilt", "building", "ray"))
    items = {one["name"]: one for one in shown(capfd, "list")["items"]}
    assert {one["name"]: (one["state"], one["exitCode"]) for one in items.values()} == {
        name("built"): ("Succeeded", 0),
        name("failed"): ("Failed", 3),
        name("running"): ("Running", None),
        name("unbuilt"): ("Failed", 125),
        name("building"): ("Building", None),
        name("ray"): ("Pending", None),
    }
    built = items[name("built")]
    assert {key: built[key] for key in ("commit", "branch", "remote", "dirty", "createdBy")} == {
        "commit": COMMIT,
        "branch": "main",
        "remote": "git://git.example/app.git",
        "dirty": False,
        "createdBy": "ada@example.org",
    }
    assert built["command"] == ["sh", "-c", "echo worker $NODE_RANK; exit 0"]
    assert built["image"] == f"registry.example/submit@{built['digest']}"
    assert built["object"] == f"job/{name('built')}"
    assert built["workers"] == {"ready": 0, "total": 2}
    assert items[name("ray")]["command"] == ["python", "train.py", "--data", "two words"]
    assert items[name("ray")]["workers"] == {"ready": 0, "total": 2}


@pytest.mark.parametrize(
    ("run", "phases", "workers"),
    [
        ("built", ["build", "queue", "start", "run"], [(0, 0), (1, 0)]),
        ("failed", ["queue", "start", "run"], [(1, 3), (0, None)]),
        ("running", ["queue", "start", "run"], [(0, None)]),
        ("unbuilt", ["build"], []),
        ("building", ["build"], []),
        ("ray", ["queue"], []),
    ],
)
def test_status_tells_of_phases_and_workers(
    kubectl: Program,
    capfd: pytest.CaptureFixture[str],
    run: str,
    phases: list[str],
    workers: list[tuple[int, int | None]],
) -> None:
    serve(kubectl, objects(run))
    document = shown(capfd, "status", name(run))
    assert [phase["name"] for phase in document["phases"]] == phases
    assert [(pod["worker"], pod["exitCode"]) for pod in document["pods"]] == workers


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        ("built", ["[0] worker 0", "[1] worker 1"]),
        ("failed", ["[1] worker 1"]),
        ("running", ["works"]),
    ],
)
def test_logs_shows_the_output(
    kubectl: Program, capfd: pytest.CaptureFixture[str], run: str, lines: list[str]
) -> None:
    serve(kubectl, objects(run))
    assert main.run(["logs", name(run), "-n", "team"]) == 0
    said = capfd.readouterr()
    assert (sorted(said.out.splitlines()), said.err) == (lines, "")


def test_a_failed_build_tells_its_end_and_shows_its_log(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    serve(kubectl, objects("unbuilt"))
    [build] = shown(capfd, "status", name("unbuilt"))["phases"]
    assert (build["end"], build["seconds"]) == ("2026-11-30T18:35:10Z", 56)
    assert main.run(["status", name("unbuilt"), "-n", "team"]) == 0
    next_command = f"logs --build {name('unbuilt')} -n team"
    assert capfd.readouterr().out.splitlines()[-1].endswith(next_command)
    assert main.run(next_command.split()) == 0
    assert "no compiler here" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("run", "kind", "changed"),
    [
        ("running", "job", name("running")),
        ("building", "job", f"{name('building')}-build"),
        ("ray", "rayjob", name("ray")),
    ],
)
def test_cancel_ends_what_runs(kubectl: Program, run: str, kind: str, changed: str) -> None:
    serve(kubectl, objects(run))
    assert main.run(["cancel", name(run), "-n", "team"]) == 0
    call = kubectl.call("patch", kind, changed)
    change = json.loads(call.flag("--patch"))
    assert change["metadata"]["annotations"] == {"kubectl-submit/cancelled-by": "ada@example.com"}
    assert change["spec"] == {"activeDeadlineSeconds": 1}


def test_a_ray_job_tells_the_exit_code(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    [ray_job] = objects("ray")
    serve(kubectl, [{**ray_job, "status": EXITED}])
    document = shown(capfd, "status", name("ray"))
    assert (document["state"], document["exitCode"]) == ("Failed", 9)
