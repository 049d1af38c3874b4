"""Builds in the cluster, against a fake kubectl that plays a recorded build."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from kubectl_submit.build_backends import remote
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, CancelledError, ClusterError
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import CANCELLED_BY, NAME_LABEL
from kubectl_submit.output import Output
from kubectl_submit.process import signals
from kubectl_submit.runs import build_followers
from tests.errors import raises_code

from .clusters import created, lines, replay
from .examples import BUILD_JOB, build_parameters, inspected
from .programs import FOREVER, Answer, Open, Program, Signal, Wait
from .samples import Run

pytestmark = pytest.mark.usefixtures("impatient")


RUN = "app-0123456-x2k4z"


def build(**changes: Any) -> Image:
    parameters, kubectl = build_parameters(**changes), Kubectl()
    asked = remote.start_lookup(parameters, kubectl)
    return remote.build(parameters, asked, kubectl, Output())


def play(kubectl: Program, run: Run) -> None:
    run.container = "build"
    for event in [*run.job, *run.pods]:  # as if each run were a build
        for status in event["object"]["status"].get("containerStatuses", []):
            status["name"] = "build"
    replay(kubectl, run)
    job = ours(run)
    kubectl.on("create", Answer(json.dumps(job)))
    kubectl.on("get", "job", "-o", Answer(json.dumps(job)))
    kubectl.on("patch", Answer())
    kubectl.on("delete", Answer())


def ours(run: Run, *others: str) -> Any:
    """The run's Job as this submit has created it; these runs follow it, too."""
    job = json.loads(created(run))
    job["metadata"]["labels"] = {NAME_LABEL: RUN}
    annotations = [build_followers.added(name, {"created-by": "bob"}) for name in (RUN, *others)]
    job["metadata"]["annotations"] = {k: v for one in annotations for k, v in one.items()}
    return job


def test_the_image_is_what_the_build_left_as_its_message(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    run = Run("built")
    play(kubectl, run)
    [pod] = run.last_pods
    message = pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    digest = json.loads(message)["digest"]
    assert build() == Image(name="registry.example/app", digest=digest)
    [job] = yaml.safe_load_all(kubectl.call("create").stdin)
    assert job["metadata"]["name"] == BUILD_JOB
    assert kubectl.calls("delete") == []
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == "building"


def test_the_digest_is_taken_before_the_job_has_ended(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    """BuildKit, beside the build, takes seconds to end."""
    run = Run("built")
    run.job = run.job[:1]
    play(kubectl, run)
    assert build().digest.startswith("sha256:")
    assert capfd.readouterr().err.splitlines()[-1] == "building"
    assert kubectl.running == []


def test_a_build_that_was_cancelled_before_its_job_has_ended(kubectl: Program) -> None:
    run = Run("built")
    play(kubectl, run)
    job = ours(run)
    job["metadata"]["annotations"][CANCELLED_BY] = "ada"
    kubectl.on("get", "job", "-o", Answer(json.dumps(job)))
    with pytest.raises(CancelledError, match="cancelled by ada while its image was built"):
        build()


@pytest.mark.parametrize(
    ("name", "code", "told", "words"),
    [
        ("failed", ErrorCode.BUILD_FAILED, "the image build failed: exited 7", ""),
        (
            "no-such-image",
            ErrorCode.BUILD_NEVER_RAN,
            "the build never ran: the pod",
            "ErrImagePull",
        ),
        (
            "sidecar-exits",
            ErrorCode.BUILD_NEVER_RAN,
            "recorded-sidecar-exits-0-",
            "exits 3 each time it starts",
        ),
        ("succeeded", ErrorCode.NO_IMAGE_DIGEST, "the build ended well, but left no digest", ""),
    ],
)
def test_a_build_without_an_image_is_an_error_and_is_deleted(
    kubectl: Program, name: str, code: ErrorCode, told: str, words: str
) -> None:
    run = Run(name)
    play(kubectl, run)
    with raises_code(code, BuildError) as failed:
        build()
    assert told in failed.value.message
    assert words in failed.value.last_words
    assert {"job", f"recorded-{name}", "unit-samples"} <= set(kubectl.call("delete").argv)
    assert kubectl.running == []


@pytest.mark.parametrize("message", ["{", '{"digest": null}', '{"other": 1}'])
def test_what_is_no_digest_is_an_error(kubectl: Program, message: str) -> None:
    run = Run("built")
    for event in run.pods:
        for status in event["object"]["status"].get("containerStatuses", []):
            status["state"].get("terminated", {})["message"] = message
    play(kubectl, run)
    with raises_code(ErrorCode.NO_IMAGE_DIGEST, BuildError):
        build()


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Interrupts come as they do in the command: between two calls."""
    monkeypatch.setattr(signals, "_state", signals._State())
    signals.install()
    yield
    signal.set_wakeup_fd(-1)


@pytest.mark.usefixtures("listening")
def test_an_interrupt_deletes_the_build(kubectl: Program) -> None:
    run = Run("built")
    play(kubectl, run)
    kubectl.on("/pods?", Answer(Signal(2), FOREVER))
    with pytest.raises(KeyboardInterrupt):
        build()
    assert "recorded-built" in kubectl.call("delete").argv
    assert kubectl.running == []


def test_out_of_reach_the_build_may_go_on(kubectl: Program) -> None:
    run = Run("built")
    play(kubectl, run)
    refused: dict[str, Any] = {"stderr": "(Forbidden): no\n", "exit_code": 1}
    kubectl.on("/jobs?", Answer(Open("refused"), **refused))
    with raises_code(ErrorCode.WATCH_NOT_ALLOWED, ClusterError):
        build()
    assert kubectl.calls("delete") == []


def test_a_failure_is_told_even_if_nothing_can_be_deleted(kubectl: Program) -> None:
    play(kubectl, Run("failed"))
    kubectl.on("delete", Answer(stderr="(Forbidden): no\n", exit_code=1))
    with raises_code(ErrorCode.BUILD_FAILED, BuildError) as failed:
        build()
    assert "exited 7" in failed.value.message


def test_a_build_goes_on_for_others(kubectl: Program) -> None:
    run = Run("failed")
    play(kubectl, run)
    kubectl.on("get", "job", "-o", Answer(json.dumps(ours(run, "bobs-run"))))
    with raises_code(ErrorCode.BUILD_FAILED, BuildError) as failed:
        build()
    assert "exited 7" in failed.value.message
    left = json.loads(kubectl.call("patch").flag("--patch"))
    assert left == {"metadata": {"annotations": {f"follower.kubectl-submit/{RUN}": None}}}
    assert kubectl.calls("delete") == []


def test_a_run_that_was_cancelled_while_others_build(kubectl: Program) -> None:
    run = Run("built")
    play(kubectl, run)
    job = ours(run, "bobs-run")
    [mine, _] = build_followers.followers(job).values()
    job["metadata"]["annotations"] |= build_followers.cancelled(mine, "ada")
    kubectl.on("get", "job", "-o", Answer(json.dumps(job)))
    with raises_code(ErrorCode.RUN_CANCELLED, CancelledError) as cancelled:
        build()
    assert cancelled.value.message == "the run was cancelled by ada while its image was built"
    assert kubectl.calls("delete") == []


@pytest.fixture
def taken(kubectl: Program) -> Run:
    """The build Job's name is taken, by that of another submit."""
    run = Run("built")
    play(kubectl, run)
    words = f'Error from server (AlreadyExists): jobs.batch "{BUILD_JOB}" already exists'
    kubectl.on("create", Answer(stderr=words, exit_code=1), Answer(created(run)))
    kubectl.on("config", Answer("team"))
    kubectl.on("get", "job", "-o", Answer(json.dumps(bobs(run))))
    return run


def let_tell_its_digest(kubectl: Program, run: Run) -> None:
    """Let the pods of the other submit's Job, which has ended, be listed once."""
    kubectl.on("/pods?labelSelector", Answer(json.dumps({"items": run.last_pods})), Answer())


def bobs(run: Run, **status: Any) -> Any:
    """The run's Job as another submit has created it."""
    job = ours(run)
    job["metadata"]["labels"][NAME_LABEL] = "bobs-run"
    job["metadata"]["creationTimestamp"] = "2026-11-22T17:00:00Z"
    return job | {"status": status}


def another(run: Run, **status: Any) -> str:
    """The other submit's Job, in a list."""
    return json.dumps({"items": [bobs(run, **status)]})


def test_follows_the_build_of_another_submit(
    kubectl: Program, taken: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    kubectl.on("/jobs?", "kubectl-submit%2Frecipe", Answer(another(taken)))
    assert build().digest.startswith("sha256:")
    assert len(kubectl.calls("create")) == 1
    added = json.loads(kubectl.call("patch").flag("--patch"))["metadata"]["annotations"]
    told = json.loads(added[f"follower.kubectl-submit/{RUN}"])
    assert told["created-by"] == "ada@example.com"
    assert told["since"]
    assert "which bobs-run began" in capfd.readouterr().err


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}


def test_takes_what_another_submit_has_built(
    kubectl: Program, docker: Program, taken: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    kubectl.on("/jobs?", "kubectl-submit%2Frecipe", Answer(another(taken, **COMPLETE)))
    let_tell_its_digest(kubectl, taken)
    digest = taken.last_pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    digest = json.loads(digest)["digest"]
    docker.on("imagetools", f"localhost:5000/app@{digest}", Answer(inspected(digest)))
    assert build().digest == digest
    assert kubectl.calls("patch") == []
    assert "built it" in capfd.readouterr().err


@pytest.mark.parametrize("status", [COMPLETE, FAILED])
def test_builds_again_after_a_build_without_an_image(
    kubectl: Program, docker: Program, taken: Run, status: Any
) -> None:
    """It failed; or the registry does not have any more what it has built."""
    docker.on("imagetools", Answer(stderr="ERROR: x: not found", exit_code=1))
    kubectl.on("/jobs?", "kubectl-submit%2Frecipe", Answer(another(taken, **status)))
    if status == COMPLETE:
        let_tell_its_digest(kubectl, taken)
    build()
    first, second = (next(yaml.safe_load_all(call.stdin)) for call in kubectl.calls("create"))
    assert first["metadata"]["labels"] == second["metadata"]["labels"]
    assert first["metadata"]["name"] != second["metadata"]["name"]


def test_begins_anew_where_the_build_of_another_submit_is_deleted(
    kubectl: Program, taken: Run
) -> None:
    deleted = {"type": "DELETED", "object": taken.job[0]["object"]}
    name = f"%3D{taken.last_job['metadata']['name']}"
    asked = "the first build's pods"
    seen = Answer(Wait(asked), lines([deleted]), FOREVER), Answer(lines(taken.job), FOREVER)
    kubectl.on("/jobs?", "watch=1", name, *seen)
    pods = Answer(Open(asked), FOREVER), Answer(lines(taken.pods), FOREVER)
    kubectl.on("/pods?", "watch=1", name, *pods)
    kubectl.on("/jobs?", "kubectl-submit%2Frecipe", Answer(another(taken)))
    kubectl.on("get", "-o", "name", Answer(""))
    build()
    assert len(kubectl.calls("create")) == 2


DIGEST_THERE = f"sha256:{'e' * 64}"


@pytest.fixture
def amd_nodes(kubectl: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes of the cluster are visible."""
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/amd64")
    node = {"metadata": {"labels": {"kubernetes.io/arch": "amd64"}}}
    kubectl.on("/api/v1/nodes?", Answer(json.dumps({"items": [node]})))


def let_the_registry_have_it(docker: Program, platform: str = "linux/amd64") -> None:
    """Let it have the image of the parameters."""
    system, _, architecture = platform.partition("/")
    configuration = {"os": system, "architecture": architecture}
    answer = {"manifest": {"digest": DIGEST_THERE}, "image": configuration}
    name = f"localhost:5000/app:{build_parameters().tag}"
    docker.on("imagetools", name, Answer(json.dumps(answer)))


@pytest.mark.usefixtures("amd_nodes")
def test_an_image_that_the_registry_has_needs_no_job(
    kubectl: Program, docker: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    let_the_registry_have_it(docker)
    assert build() == Image(name="registry.example/app", digest=DIGEST_THERE)
    assert kubectl.calls("create") == []
    name = f"localhost:5000/app:{build_parameters().tag}"
    assert f"image {name} exists" in capfd.readouterr().err


@pytest.mark.usefixtures("amd_nodes")
def test_an_image_for_another_platform_is_built(kubectl: Program, docker: Program) -> None:
    play(kubectl, Run("built"))
    docker.on("imagetools", Answer(stderr="ERROR: x: not found", exit_code=1))
    let_the_registry_have_it(docker, "linux/arm64")
    assert build().digest != DIGEST_THERE
    assert len(kubectl.calls("create")) == 1


@pytest.mark.usefixtures("amd_nodes")
@pytest.mark.parametrize("rebuild", [True, False])
def test_a_registry_that_does_not_answer_is_left_to_the_job(
    kubectl: Program, docker: Program, monkeypatch: pytest.MonkeyPatch, rebuild: bool
) -> None:
    """With --rebuild it is not asked at all."""
    monkeypatch.setattr(remote, "PATIENCE_SECONDS", 0.0)
    play(kubectl, Run("built"))
    docker.on("imagetools", Answer(FOREVER))
    assert build(rebuild=rebuild).digest != DIGEST_THERE
    assert len(kubectl.calls("create")) == 1
    assert docker.running == []
    if rebuild:
        assert docker.calls("imagetools") == []


@pytest.mark.parametrize(("status", "taken_as_it_is"), [("complete", True), ("failed", False)])
def test_where_nodes_are_not_visible_a_build_of_the_namespace_tells_the_platform(
    kubectl: Program, docker: Program, taken: Run, status: str, taken_as_it_is: bool
) -> None:
    kubectl.on("/api/v1/nodes?", Answer(stderr="(Forbidden): no", exit_code=1))
    conditions = COMPLETE if status == "complete" else FAILED
    kubectl.on("/jobs?", "kubectl-submit%2Frecipe", Answer(another(taken, **conditions)))
    let_the_registry_have_it(docker)
    assert (build().digest == DIGEST_THERE) is taken_as_it_is
    assert bool(kubectl.calls("create")) is not taken_as_it_is
