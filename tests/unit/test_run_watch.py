"""Watching runs across an API server that goes away and comes back."""

from __future__ import annotations

import json

import pytest

from kubectl_submit import run_watch
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.loop import Loop
from kubectl_submit.run import Run
from kubectl_submit.run_watch import RunWatch

from .programs import FOREVER, Answer, Program

NOTHING = '{"items": []}'


def job(name: str) -> dict[str, object]:
    """A Job of ours that has just been created."""
    labels = {"kubectl-submit/name": name, "app.kubernetes.io/managed-by": "kubectl-submit"}
    metadata = {"name": name, "namespace": "team", "uid": name, "labels": labels}
    created = {"creationTimestamp": "2026-11-22T17:00:00Z"}
    template = {"spec": {"containers": [{"name": "main"}]}}
    return {"metadata": metadata | created, "spec": {"template": template}, "status": {}}


def test_a_server_that_is_away_for_a_moment(
    kubectl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list that is read after a watch has begun again may fail; the next one tells."""
    monkeypatch.setattr(run_watch, "CHECK_SECONDS", 0.02)
    refused = Answer(stderr="the connection was refused - did you specify", exit_code=1)
    first, then = (json.dumps({"items": [job(name)]}) for name in ("first", "then"))
    for kind in ("rayjobs", "pods"):
        kubectl.on(f"/{kind}?labelSelector", Answer(NOTHING))
        kubectl.on(f"/{kind}?watch", Answer(FOREVER))
    kubectl.on("/jobs?labelSelector", Answer(first), refused, Answer(then))
    kubectl.on("/jobs?watch", Answer(), Answer(FOREVER))
    seen: list[list[str]] = []
    loop = Loop()

    def note(runs: list[Run]) -> None:
        seen.append([run.name for run in runs])

    try:
        RunWatch(loop, Kubectl(), "team", note)
        while ["then"] not in seen:
            loop.run_once()
    finally:
        loop.close()
    assert seen[0] == ["first"]
