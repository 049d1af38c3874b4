"""Builds in the cluster, against a fake kubectl that plays a recorded build."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from kubectl_submit import interrupts
from kubectl_submit.build_backends import remote
from kubectl_submit.errors import BuildError, ClusterError
from kubectl_submit.image import Image
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.output import Output

from .clusters import created, replay
from .examples import build_parameters
from .programs import FOREVER, Answer, Open, Program, Signal
from .samples import Run

pytestmark = pytest.mark.usefixtures("impatient")


def build() -> Image:
    return remote.build(build_parameters(), Kubectl(), Output())


def play(kubectl: Program, run: Run) -> None:
    run.container = "build"
    for event in [*run.job, *run.pods]:  # as if each run were a build
        for status in event["object"]["status"].get("containerStatuses", []):
            status["name"] = "build"
    replay(kubectl, run)
    kubectl.on("create", Answer(created(run)))
    kubectl.on("delete", Answer())


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
    assert job["metadata"]["name"] == "app-0123456-x2k4z-build"
    assert kubectl.calls("delete") == []
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == "building"


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("failed", "the image build failed: exited 7", ""),
        ("no-such-image", "the build never ran: the pod", "ErrImagePull"),
        ("sidecar-exits", "the build never ran: the pod", "exits 3 each time it starts"),
        ("succeeded", "the build ended well, but left no digest", ""),
    ],
)
def test_a_build_without_an_image_is_an_error_and_is_deleted(
    kubectl: Program, name: str, message: str, words: str
) -> None:
    run = Run(name)
    play(kubectl, run)
    with pytest.raises(BuildError) as failed:
        build()
    assert failed.value.message.startswith(message)
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
    with pytest.raises(BuildError, match="left no digest"):
        build()


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Interrupts come as they do in the command: between two calls."""
    monkeypatch.setattr(interrupts, "_state", interrupts._State())
    interrupts.install()
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
    with pytest.raises(ClusterError, match="may not watch the job"):
        build()
    assert kubectl.calls("delete") == []


def test_a_failure_is_told_even_if_nothing_can_be_deleted(kubectl: Program) -> None:
    play(kubectl, Run("failed"))
    kubectl.on("delete", Answer(stderr="(Forbidden): no\n", exit_code=1))
    with pytest.raises(BuildError, match="exited 7"):
        build()
