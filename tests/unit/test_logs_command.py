"""`kubectl submit logs` of a run that has not begun."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from kubectl_submit.cli import main
from kubectl_submit.model.provenance import NAME_LABEL

from .clusters import logs_of
from .programs import Answer, Program
from .samples import Run

NAME = "app-x2k4z"


def play(kubectl: Program, suspend: bool, pods: list[dict[str, Any]]) -> None:
    """Let the cluster have a run of two workers with these pods."""
    job = {
        "metadata": {
            "name": NAME,
            "namespace": "team",
            "uid": "1",
            "creationTimestamp": "2026-11-22T17:00:00Z",
            "labels": {NAME_LABEL: NAME},
        },
        "spec": {
            "completions": 2,
            "suspend": suspend,
            "template": {"spec": {"containers": [{"name": "main"}]}},
        },
    }
    kubectl.on("get", "--raw", Answer(json.dumps({"items": []})))
    kubectl.on("get", "--raw", "/jobs?", Answer(json.dumps({"items": [job]})))
    kubectl.on("get", "--raw", "/pods?", Answer(json.dumps({"items": pods})))


def running() -> tuple[Run, dict[str, Any]]:
    """A recorded run, and its pod while it ran, as one of this run."""
    recorded = Run("timeout")
    pod = copy.deepcopy(recorded.pods_until('"running"')[-1]["object"])
    pod["metadata"] |= {"namespace": "team", "creationTimestamp": "2026-11-22T17:00:00Z"}
    pod["metadata"]["labels"] |= {NAME_LABEL: NAME}
    return recorded, pod


@pytest.mark.parametrize(("suspend", "state"), [(False, "Pending"), (True, "Queued")])
def test_a_run_that_has_not_begun_says_so(
    kubectl: Program, capfd: pytest.CaptureFixture[str], suspend: bool, state: str
) -> None:
    play(kubectl, suspend, [])
    assert main.run(["logs", NAME, "-n", "team"]) == 0
    assert capfd.readouterr() == ("", f"{NAME} has not begun: {state}\n")


def test_one_whose_workers_do_not_all_run_shows_what_there_is(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    recorded, pod = running()
    play(kubectl, suspend=False, pods=[pod])
    kubectl.on("logs", Answer(logs_of(recorded)))
    assert main.run(["logs", NAME, "-n", "team"]) == 0
    said = capfd.readouterr()
    assert "waits\n" in said.out
    assert said.err == ""
