"""The whole command, in one process: real git, fake kubectl and docker, recorded runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.build_backends import local
from kubectl_submit.model.image import NOT_BUILT_YET, Image

from .clusters import container, created, jobs, play, replay, submit
from .examples import DIGEST
from .programs import Answer, Metadata, Program
from .repositories import Project
from .samples import Run

NOT_FOUND = Answer(stderr="not found\n", exit_code=1)
pytestmark = pytest.mark.usefixtures("impatient")
MANIFESTS = Path(__file__).parents[2] / "manifests"
BUILD = ("--build", "local", "--image-repository", "localhost:5000/app")


@pytest.fixture
def cluster(kubectl: Program) -> Program:
    """A cluster that takes everything, and in which the run fails with exit code 7."""
    play(kubectl, "failed")
    kubectl.on("delete", Answer())
    return kubectl


@pytest.fixture
def registry(docker: Program) -> Program:
    """A docker that builds, and whose registry has nothing yet."""
    docker.on("version", Answer("v0.36.1"))
    docker.on("imagetools", NOT_FOUND)
    docker.on("--push", Answer(Metadata(f'{{"containerimage.digest": "{DIGEST}"}}')))
    return docker


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
    assert submit(*BUILD, "--verbose") == 125
    assert registry.calls("--push") == []
    assert jobs(cluster) == []
    said = capfd.readouterr()
    assert f"\n{refusal}" in said.err
    assert said.err.endswith("\ncode: namespace-not-found\n")


def test_what_was_checked_is_what_runs(
    project: Project,
    cluster: Program,
    registry: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The manifest is edited while the image is built."""
    manifest = tmp_path / "own.yml"
    text = (MANIFESTS / "job.yml").read_text()
    manifest.write_text(text.replace("backoffLimit: 0", "backoffLimit: 3"))
    build = local.build

    def edited(*arguments: Any) -> Image:
        manifest.write_text("kind: Nonsense\n")
        return build(*arguments)

    monkeypatch.setattr(local, "build", edited)
    assert submit(*BUILD, "--manifest", str(manifest)) == 7
    [job] = jobs(cluster)
    [checked] = yaml.safe_load_all(cluster.calls("create", "--dry-run=server")[-1].stdin)
    zeros = f"localhost:5000/app@{NOT_BUILT_YET}"
    assert (job["spec"]["backoffLimit"], container(checked)["image"]) == (3, zeros)
    for one in (job, job["spec"]["template"]):
        assert one["metadata"]["annotations"]["kubectl-submit/image"].endswith(DIGEST)
        assert float(one["metadata"]["annotations"].pop("kubectl-submit/build-seconds")) >= 0
    assert job == yaml.safe_load(yaml.safe_dump(checked).replace(NOT_BUILT_YET, DIGEST))


def test_does_not_run_what_was_not_built(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    registry.on("--push", Answer(stderr="#1 ERROR\n", exit_code=1))
    assert submit(*BUILD, "--verbose") == 125
    assert jobs(cluster) == []
    said = capfd.readouterr()
    assert "#1 ERROR\nerror: " in said.err
    assert "docker buildx exited 1\n" in said.err
    assert said.err.endswith("\ncode: build-failed\n")
    assert said.out == ""


def test_the_gate_is_before_everything(
    project: Project, cluster: Program, registry: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write("main.py", "changed")
    project.write("new.py")
    assert submit(*BUILD, "--verbose") == 125
    # kubectl alone is asked for the namespace of its context.
    asked = [call for call in cluster.all_calls if call not in cluster.calls("config", "view")]
    assert asked == registry.all_calls == []
    said = capfd.readouterr().err
    assert ": main.py\n" in said
    assert ": new.py\n" in said
    assert said.endswith("\ncode: commit-not-available\n")


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
    cluster.on("get", "statefulsets.apps", Answer('{"kind": "List", "items": []}'))
    options = ("--image-repository", "registry.test/app", "--git-url", "https://git.example/app")
    assert submit(*options) == 7
    built, ran = jobs(cluster)
    assert built["metadata"]["labels"]["kubectl-submit/name"] == ran["metadata"]["name"]
    assert {"name": "COMMIT", "value": project.head()} in container(built)["env"]
    assert {"name": "GIT_URL", "value": "https://git.example/app"} in container(built)["env"]
    assert container(ran)["image"].startswith("registry.test/app@sha256:")
    said = capfd.readouterr()
    assert said.out == "one\ntwo\n"
    assert "\nbuilding\n" in said.err


def test_no_docker_is_told(
    project: Project, cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    assert submit(*BUILD, "--verbose") == 125
    said = capfd.readouterr().err
    assert "error: docker " in said
    assert said.endswith("\ncode: program-not-found\n")
