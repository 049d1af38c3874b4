"""Runs, from what a real cluster said of them."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import pytest

from kubectl_submit.model.provenance import CANCELLED_BY, NAME_LABEL
from kubectl_submit.model.run import Run
from kubectl_submit.runs import build_followers, cancellation, details, from_objects, table
from kubectl_submit.runs.from_objects import Objects

from . import samples
from .samples import Object

RECORDED = samples.all_runs()
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes",
}


def one_run(job: Object | None, *pods: Object, build: Object | None = None) -> Run:
    """The run that the objects make up."""
    jobs = {one["metadata"]["uid"]: one for one in (job, build) if one}
    objects = {"job": jobs, "pods": {pod["metadata"]["uid"]: pod for pod in pods}}
    [found] = from_objects.runs(Objects(of_kind=defaultdict(dict, objects)))
    return found


def ray_objects(ray_job: Object, *pods: Object) -> Objects:
    """A RayJob, and pods of its Ray cluster."""
    objects = Objects()
    objects.of_kind["rayjob"]["1"] = ray_job
    objects.of_kind["pods"].update({pod["metadata"]["uid"]: pod for pod in pods})
    return objects


def labelled(obj: Object, name: str) -> Object:
    """The object as one of a run."""
    changed = copy.deepcopy(obj)
    changed["metadata"].setdefault("creationTimestamp", "2026-11-22T17:00:00Z")
    changed["metadata"].setdefault("labels", {})[NAME_LABEL] = name
    changed["spec"].setdefault("template", {"spec": {"containers": [{"name": "main"}]}})
    return changed


def recorded(name: str) -> Run:
    """A recorded run as it was in the end."""
    sample = samples.Run(name)
    run_name = sample.last_job["metadata"]["name"]
    pods = [labelled(pod, run_name) for pod in sample.last_pods]
    return one_run(labelled(sample.last_job, run_name), *pods)


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("succeeded", "Succeeded", ""),
        ("failed", "Failed (7)", "exited 7"),
        ("first-of-two", "Failed (33)", "worker 1 exited 33"),
        ("out-of-memory", "Failed (137)", "exited 137 (OOMKilled)"),
        ("timeout-exits-0", "Failed (124)", "ran longer than --timeout allows"),
        ("suspended", "Succeeded", ""),
        ("unschedulable", "Pending (Unschedulable)", "Unschedulable: 0/1 nodes are available: 1"),
        ("no-such-image", "Pending (ErrImagePull)", "ErrImagePull: "),
        ("pod-security", "Pending", ""),
    ],
)
def test_how_a_run_stands(name: str, state: str, reason: str) -> None:
    run = recorded(name)
    if "Pull" in state:
        state = state.replace("ErrImagePull", run.status.reason.partition(":")[0])
        reason = run.status.reason
        assert run.status.start_failure == reason
    assert table.state(run) == state
    assert run.status.reason.startswith(reason)
    assert run.has_ended == state.startswith(("Succeeded", "Failed"))


@pytest.mark.parametrize("name", [name for name in RECORDED if name != "built"])
def test_every_recorded_run_can_be_shown(name: str) -> None:
    run = recorded(name)
    assert set(table.row(run)) >= set(table.COLUMNS)
    assert run.created


def job(**more: Any) -> Object:
    """A Job that has just been created."""
    plain: Object = {
        "metadata": {
            "name": "app-x2k4z",
            "namespace": "team",
            "uid": "1",
            "creationTimestamp": "2026-11-22T17:00:00Z",
            "labels": {NAME_LABEL: "app-x2k4z"},
            "annotations": {},
        },
        "spec": {
            "completions": 2,
            "completionMode": "Indexed",
            "template": {"spec": {"containers": [{"name": "main"}]}},
        },
        "status": {},
    }
    return {**plain, **more}


def cancelled(job: Object, reason: str) -> Object:
    """The Job after a cancel, failed for this reason."""
    job["metadata"]["annotations"][CANCELLED_BY] = "ada"
    condition = {"type": "Failed", "status": "True", "reason": reason, "message": "…"}
    condition["lastTransitionTime"] = "2026-11-22T17:01:00Z"
    return {**job, "status": {"conditions": [condition]}}


def test_a_cancelled_run_says_by_whom() -> None:
    run = one_run(cancelled(job(), "DeadlineExceeded"))
    assert (table.state(run), run.status.exit_code) == ("Cancelled (by ada)", 130)


def test_a_run_that_failed_before_it_was_cancelled_has_failed() -> None:
    assert table.state(one_run(cancelled(job(), "BackoffLimitExceeded"))) == "Failed"


def test_a_run_that_is_being_cancelled_has_not_ended() -> None:
    going = job()
    going["metadata"]["annotations"][CANCELLED_BY] = "ada"
    run = one_run(going)
    assert (run.status.state, run.has_ended) == ("Cancelled", False)


def test_a_queued_run_ends_without_a_pod_when_it_is_cancelled() -> None:
    queued = job()
    queued["spec"]["suspend"] = True
    assert one_run(queued).status.state == "Queued"
    changes = cancellation.changes("job", queued, "ada")
    queued["spec"] |= changes["spec"]
    queued["metadata"]["annotations"] |= changes["metadata"]["annotations"]
    queued["status"]["conditions"] = [
        {"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-22T17:01:00Z"}
    ]
    run = one_run(queued)
    assert (table.state(run), run.status.exit_code) == ("Cancelled (by ada)", 130)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"ready": 1}, "Pending"),
        ({"ready": 1, "succeeded": 1}, "Running"),
        ({"ready": 1, "uncountedTerminatedPods": {"failed": ["7"]}}, "Running"),
        ({"succeeded": 1, "uncountedTerminatedPods": {"succeeded": ["7"]}}, "Running"),
    ],
)
def test_a_run_runs_until_the_job_says_how_it_ended(status: Object, state: str) -> None:
    """Its pods end before they are counted."""
    assert one_run(job(status=status)).status.state == state


def test_pods_that_have_ended_count_before_the_job_counts_them() -> None:
    sample = samples.Run("failed")
    name = sample.last_job["metadata"]["name"]
    ended = labelled(sample.last_pods[-1], name)
    still = labelled(sample.job[0]["object"], name) | {"status": {"active": 1, "ready": 0}}
    assert one_run(still, ended).status.state == "Running"


def test_pods_without_ranks_cannot_be_asked_for_less() -> None:
    queued = job()
    queued["spec"] |= {"suspend": True, "completionMode": "NonIndexed"}
    changes = cancellation.changes("job", queued, "ada")
    assert changes["spec"] == {"activeDeadlineSeconds": 1, "parallelism": 0, "suspend": False}


def test_a_run_is_there_while_its_image_is_built() -> None:
    build = job()
    build["metadata"] |= {"name": "app-x2k4z-build", "uid": "2"}
    run = one_run(None, build=build)
    assert (run.name, run.status.state, run.has_ended) == ("app-x2k4z", "Building", False)
    assert one_run(job(), build=build).status.state == "Pending"
    ended = one_run(None, build=cancelled(build, "DeadlineExceeded"))
    assert (table.state(ended), ended.status.exit_code) == ("Cancelled (by ada)", 130)


@pytest.mark.parametrize(
    ("status", "state", "exit_code"),
    [
        ({}, "Pending", None),
        ({"jobDeploymentStatus": "Running", "jobStatus": "RUNNING"}, "Running", None),
        ({"jobDeploymentStatus": "Suspended"}, "Queued", None),
        ({"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"}, "Succeeded", 0),
        ({"jobDeploymentStatus": "Complete", "jobStatus": "STOPPED"}, "Failed", 125),
        (
            {
                "jobDeploymentStatus": "Failed",
                "jobStatus": "FAILED",
                "message": "Job entrypoint command failed with exit code 9, last lines: x",
            },
            "Failed (9)",
            9,
        ),
    ],
)
def test_ray_jobs_stand_beside_jobs(status: Object, state: str, exit_code: int | None) -> None:
    ray_job = job(status=status)
    [run] = from_objects.runs(ray_objects(ray_job))
    assert (table.state(run), run.status.exit_code, run.backend) == (state, exit_code, "ray")


def test_a_ray_job_waits_as_its_cluster_does_and_tells_its_phases() -> None:
    head = job(status={"conditions": [UNSCHEDULABLE]})
    head["metadata"]["labels"] |= {"ray.io/node-type": "head"}
    head["metadata"]["uid"] = "2"
    head["spec"] = {"containers": [{"name": "ray-head"}]}
    waits = {"startTime": "2026-11-22T17:00:01Z"}
    [run] = from_objects.runs(ray_objects(job(status=waits), head))
    assert (run.status.reason, table.state(run)) == (
        "Unschedulable: 0/1 nodes",
        "Pending (Unschedulable)",
    )

    ended = waits | {
        "jobStatus": "FAILED",
        "rayClusterStatus": {"stateTransitionTimes": {"ready": "2026-11-22T17:00:03Z"}},
        "rayJobInfo": {"startTime": "2026-11-22T17:00:06Z", "endTime": "2026-11-22T17:00:10Z"},
    }
    [run] = from_objects.runs(ray_objects(job(status=ended)))
    assert run.status.state == "Running"  # until KubeRay says so, too
    phases = [(one.name, one.seconds) for one in details.run_details(run, [], "main", []).phases]
    assert phases == [("queue", 1), ("cluster", 2), ("start", 3), ("run", 4)]


def shared(*others: str) -> Object:
    """A Job that builds for app-x2k4z, which created it, and for other runs."""
    build = job()
    build["metadata"] |= {"name": "app-0123456-build", "uid": "2"}
    build["metadata"]["labels"][build_followers.RECIPE_LABEL] = "1"
    annotations = build_followers.added("app-x2k4z", {"created-by": "ada"})
    for number, name in enumerate(others):
        since = f"2026-11-22T17:0{number + 1}:00Z"
        annotations |= build_followers.added(name, {"created-by": "bob"}, since)
    build["metadata"]["annotations"] = annotations
    return build


def runs_of(*jobs: Object, whole: bool = True) -> dict[str, Run]:
    """The runs that Jobs make up, by name."""
    objects = Objects()
    objects.of_kind["job"].update({one["metadata"]["uid"]: one for one in jobs})
    return {one.name: one for one in from_objects.runs(objects, all_of_a_build=whole)}


def test_a_build_is_that_of_every_run_that_follows_it() -> None:
    found = runs_of(shared("other-1"), job())
    assert {name: one.status.state for name, one in found.items()} == {
        "app-x2k4z": "Pending",
        "other-1": "Building",
    }
    other = found["other-1"]
    assert other.build == found["app-x2k4z"].build
    assert (other.facts, other.created) == ({"created-by": "bob"}, "2026-11-22T17:01:00Z")
    assert set(runs_of(shared("other-1"), job(), whole=False)) == {"app-x2k4z"}


def test_who_left_a_build_has_no_part_in_it() -> None:
    build = shared("other-1")
    del build["metadata"]["annotations"]["follower.kubectl-submit/app-x2k4z"]
    assert set(runs_of(build)) == {"other-1"}


def test_a_cancelled_run_leaves_its_build_to_the_others() -> None:
    build = shared("other-1")
    run = runs_of(build)["app-x2k4z"]
    patch = Patches()
    cancellation.cancel(run, patch, "ada")  # type: ignore[arg-type]
    build["metadata"]["annotations"] |= patch.changes["metadata"]["annotations"]
    found = runs_of(build)
    assert table.state(found["app-x2k4z"]) == "Cancelled (by ada)"
    assert found["app-x2k4z"].status.exit_code == 130
    assert found["other-1"].status.state == "Building"
    cancellation.cancel(found["other-1"], patch, "bob")  # type: ignore[arg-type]
    assert patch.changes["spec"] == {"activeDeadlineSeconds": 1}


class Patches:
    """A cluster that only remembers the last change."""

    def patch(self, *_: str | Object) -> None:
        self.changes: Any = _[-1]


def test_of_two_builds_the_newest_counts() -> None:
    first, second = shared(), shared()
    second["metadata"] |= {"uid": "3", "creationTimestamp": "2026-11-22T18:00:00Z"}
    for jobs in ((first, second), (second, first)):
        [run] = runs_of(*jobs).values()
        assert run.build == second


def test_a_suspended_build_is_queued() -> None:
    build = shared()
    build["status"] = {"conditions": [{"type": "Suspended", "status": "True"}]}
    assert table.state(runs_of(build)["app-x2k4z"]).startswith("Queued")


def test_what_is_no_json_on_a_build_is_no_error() -> None:
    build = shared()
    for value in ("{", "[]", "1"):
        build["metadata"]["annotations"]["follower.kubectl-submit/app-x2k4z"] = value
        assert runs_of(build)["app-x2k4z"].facts == {}
