"""The whole command, in one process: real git, fake kubectl and docker, recorded runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from kubectl_submit import cli, follow

from .clusters import created, replay
from .examples import DIGEST
from .programs import Answer, Metadata, Program
from .repositories import Project
from .samples import Run

NOT_FOUND = Answer(stderr="not found\n", exit_code=1)
BUILD = ("--build", "local", "--image-repository", "localhost:5000/app")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "PATIENCE_SECONDS", 0.1)


@pytest.fixture
def cluster(kubectl: Program) -> Program:
    """A cluster that takes everything, and in which the run fails with exit code 7."""
    play(kubectl, "failed")
    kubectl.on("delete", Answer())
    return kubectl


def play(kubectl: Program, name: str) -> None:
    run = Run(name)
    replay(kubectl, run)
    kubectl.on("create", Answer(created(run)))


@pytest.fixture
def registry(docker: Program) -> Program:
    """A docker that builds, and whose registry has nothing yet."""
    docker.on("version", Answer("v0.36.1"))
    docker.on("imagetools", NOT_FOUND)
    docker.on("--push", Answer(Metadata(f'{{"containerimage.digest": "{DIGEST}"}}')))
    return docker


def submit(*arguments: str) -> int:
    return cli.run([*arguments, "--", "python", "train.py", "--x=$HOME"])


def jobs(kubectl: Program) -> list[Any]:
    """The Jobs that were created, tries without effect left out."""
    calls = [call for call in kubectl.calls("create") if "--dry-run=server" not in call.argv]
    documents = [one for call in calls for one in yaml.safe_load_all(call.stdin)]
    return [one for one in documents if one["kind"] == "Job"]


def container(job: Any) -> Any:
    [found] = job["spec"]["template"]["spec"]["containers"]
    return found


def test_builds_here_and_runs_what_was_built(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    assert submit(*BUILD, "--pull-repository", "registry.test/app") == 7
    commit = project.head()
    assert registry.call("--push").flag("--tag") == f"localhost:5000/app:{commit}"
    [job] = jobs(cluster)
    name = job["metadata"]["name"]
    assert re.fullmatch(rf"project-{commit[:7]}-\w{{5}}", name)
    assert container(job)["image"] == f"registry.test/app@{DIGEST}"
    assert container(job)["command"] == ["python", "train.py", "--x=$$HOME"]
    environment = {one["name"]: one.get("value") for one in container(job)["env"]}
    assert environment["KUBECTL_SUBMIT_COMMIT"] == commit
    assert environment["KUBECTL_SUBMIT_NAME"] == name
    assert job["metadata"]["annotations"]["kubectl-submit/branch"] == "main"
    said = capfd.readouterr()
    assert said.out == "one\ntwo\n"
    assert said.err.splitlines()[-1] == "job/recorded-failed: exited 7"


def test_tries_the_manifest_before_it_builds(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    refusal = 'Error from server (NotFound): namespaces "x" not found\n'
    cluster.on("create", "--dry-run=server", Answer(stderr=refusal, exit_code=1))
    assert submit(*BUILD) == 125
    assert registry.calls("--push") == []
    assert jobs(cluster) == []
    said = capfd.readouterr()
    assert said.err.startswith(f"error: there is no such namespace\n{refusal}")


def test_does_not_run_what_was_not_built(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    registry.on("--push", Answer(stderr="#1 ERROR\n", exit_code=1))
    assert submit(*BUILD) == 125
    assert jobs(cluster) == []
    said = capfd.readouterr()
    assert "#1 ERROR\nerror: the image build failed: docker buildx exited 1\n" in said.err
    assert said.out == ""


def test_the_gate_is_before_everything(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write("main.py", "changed")
    project.write("new.py")
    assert submit(*BUILD) == 125
    assert cluster.all_calls == registry.all_calls == []
    said = capfd.readouterr().err
    assert "1 tracked file is changed: main.py" in said
    assert "1 file is not in git: new.py" in said


def test_dirt_is_recorded_where_it_is_allowed(
    project: Project, cluster: Program, registry: Program
) -> None:
    project.write("main.py", "changed")
    assert submit(*BUILD, "--allow-dirty") == 7
    assert registry.call("--push").files["main.py"][1] == "changed"
    [job] = jobs(cluster)
    assert job["metadata"]["labels"]["kubectl-submit/dirty"] == "true"


def test_builds_in_the_cluster_and_runs_what_was_built(
    project: Project, cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    build, run = Run("built"), Run("failed")
    replay(cluster, build)
    replay(cluster, run)
    log = next(iter(build.logs))
    cluster.on("logs", log, Answer("2026-11-22T18:03:20.910073079Z building\n"))
    tried = Answer("{}")
    cluster.on("create", Answer(created(build)), Answer(created(run)))
    cluster.on("create", "--dry-run=server", tried)
    options = ("--image-repository", "registry.test/app", "--git-url", "https://git.example/app")
    assert submit(*options) == 7
    built, ran = jobs(cluster)
    assert built["metadata"]["name"] == ran["metadata"]["name"] + "-build"
    assert {"name": "COMMIT", "value": project.head()} in container(built)["env"]
    assert {"name": "GIT_URL", "value": "https://git.example/app"} in container(built)["env"]
    assert container(ran)["image"].startswith("registry.test/app@sha256:")
    said = capfd.readouterr()
    assert said.out == "one\ntwo\n"
    assert "\nbuilding\n" in said.err


def test_an_image_needs_no_repository(cluster: Program, capfd: pytest.CaptureFixture[str]) -> None:
    assert submit("--image", "host:5000/team/app:1", "-n", "team", "--context", "c") == 7
    [job] = jobs(cluster)
    assert job["metadata"]["name"].startswith("app-")
    assert container(job)["image"] == "host:5000/team/app:1"
    assert "kubectl-submit/commit" not in job["metadata"]["annotations"]
    assert job["metadata"]["annotations"]["kubectl-submit/created-by"] == "ada@example.com"
    for call in cluster.all_calls:
        assert {"--namespace=team", "--context=c"} <= set(call.argv)
    assert capfd.readouterr().out == "one\ntwo\n"


@pytest.mark.parametrize(
    ("answer", "image"),
    [(Answer(DIGEST), f"app@{DIGEST}"), (NOT_FOUND, "app:1")],
)
def test_a_tag_becomes_a_digest_where_the_registry_tells_it(
    cluster: Program, docker: Program, answer: Answer, image: str
) -> None:
    docker.on("imagetools", "app:1", answer)
    assert submit("--image", "app:1") == 7
    [job] = jobs(cluster)
    assert container(job)["image"] == image


def test_success_says_nothing_more(kubectl: Program, capfd: pytest.CaptureFixture[str]) -> None:
    play(kubectl, "succeeded")
    assert submit("--image", "app", "--quiet") == 0
    said = capfd.readouterr()
    assert (said.out, said.err) == ("one\ntwo\nthree without an end", "")


@pytest.mark.parametrize(
    ("flags", "out"),
    [
        ((), "[1] one fails\n"),
        (("--no-prefix",), "\none fails\n"),
        (("--logs", "first", "--prefix"), "[0] zero waits\n[0] zero stops\n"),
        (("--logs", "first"), "zero waits\nzero stops\n"),
    ],
)
def test_lines_of_several_workers_have_their_ranks(
    kubectl: Program, capfd: pytest.CaptureFixture[str], flags: tuple[str, ...], out: str
) -> None:
    run = Run("first-of-two")
    play(kubectl, "first-of-two")
    ended = [change for change in run.pods if change["type"] != "DELETED"]
    run.pods = [change for change in ended if '"terminated"' in str(change).replace("'", '"')]
    replay(kubectl, run)
    assert submit("--image", "app", "--workers", "2", *flags) == 33
    said = capfd.readouterr()
    assert out in f"\n{said.out}"
    assert "worker 1 exited 33; 1 other stopped" in said.err


@pytest.mark.parametrize(
    ("name", "flags", "exit_code", "message"),
    [
        ("no-such-image", (), 125, "error: the pod recorded-no-such-image-0"),
        ("pod-security", (), 125, "error: the cluster allows no pod"),
        ("unschedulable", ("--pending-timeout", "1"), 124, "did not start within 1 seconds"),
    ],
)
def test_what_never_ran_is_deleted(
    kubectl: Program,
    capfd: pytest.CaptureFixture[str],
    name: str,
    flags: tuple[str, ...],
    exit_code: int,
    message: str,
) -> None:
    play(kubectl, name)
    kubectl.on("delete", Answer())
    assert submit("--image", "app", *flags) == exit_code
    assert f"recorded-{name}" in kubectl.call("delete").argv
    assert message in capfd.readouterr().err


def test_what_cannot_be_deleted_does_not_hide_why(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    play(kubectl, "unschedulable")
    kubectl.on("delete", Answer(stderr="Error from server (Forbidden): no\n", exit_code=1))
    assert submit("--image", "app", "--pending-timeout", "1") == 124
    assert "did not start within 1 seconds" in capfd.readouterr().err


def test_a_secret_that_is_missing_is_told_first(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.on("get", "secret/s3", Answer())
    assert submit("--image", "app", "--secret", "s3") == 125
    assert jobs(cluster) == []
    assert "error: not in the namespace: secret/s3\n" in capfd.readouterr().err


def test_no_kubectl_is_told(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert submit("--image", "app") == 125
    assert capfd.readouterr().err.startswith(
        "error: kubectl was not found on PATH\nInstall kubectl, or put it on PATH.\n"
    )


def test_no_docker_is_told(
    project: Project, cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    assert submit(*BUILD) == 125
    assert "error: docker was not found on PATH" in capfd.readouterr().err
