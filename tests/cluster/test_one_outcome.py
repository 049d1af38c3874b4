"""One outcome of a run, whatever else is in its pods and happens to them, told everywhere alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.cluster.webhook import injecting
from tests.conftest import eventually

WAITS = "trap 'exit {code}' TERM; echo ready; sleep 1000 & wait"


def sidecar(image: str, script: str) -> dict[str, Any]:
    """A container as a webhook puts it beside others: it does not know when they end."""
    return {"name": "proxy", "image": image, "command": ["sh", "-c", script]}


def told(namespace: Namespace, submit: Submit) -> tuple[str, int, str]:
    """The name of the one run; its exit code and its reason, as all commands tell them."""
    name = namespace.job()["metadata"]["name"]
    (listed,) = json.loads(submit("list", "-o", "json").stdout)["items"]
    shown = json.loads(submit("status", name, "-o", "json").stdout)
    waited = submit("wait", name)
    outcome = (shown["exitCode"], shown["reason"] or "succeeded")
    assert (listed["exitCode"], listed["reason"] or "succeeded") == outcome
    assert waited.exit_code == outcome[0]
    assert waited.stderr.endswith(f"job/{name}: {outcome[1]}\n")
    return name, *outcome


@pytest.mark.parametrize("first", [True, False])
def test_a_sidecar_that_fails_is_no_success(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path, *, first: bool
) -> None:
    fails = sidecar(busybox, "exit 3")
    with injecting(namespace, tmp_path, fails, first=first):
        result = submit(f"--image={busybox}", "--", "echo", "done")
    summary = "exited 0, but its Job failed: the container proxy exited 3"
    name, *outcome = told(namespace, submit)
    assert (result.exit_code, result.stdout) == (125, "done\n")
    assert result.stderr.endswith(f"job/{name}: {summary}\n")
    assert outcome == [125, summary]


@pytest.mark.waits
@pytest.mark.parametrize(("resource", "first"), [("pods", True), ("pods", False), ("jobs", True)])
@pytest.mark.parametrize("code", [0, 7])
def test_a_sidecar_that_does_not_end(
    namespace: Namespace,
    submit: Submit,
    busybox: str,
    tmp_path: Path,
    resource: str,
    code: int,
    *,
    first: bool,
) -> None:
    stays = sidecar(busybox, "echo not mine; sleep 1000")
    with injecting(namespace, tmp_path, stays, resource=resource, first=first):
        result = submit(f"--image={busybox}", "--", "sh", "-c", f"echo done; exit {code}")
    how = f"exited {code}" if code else "succeeded"
    summary = f"{how}; the Job was ended because the container proxy did not end"
    waiting = f"the command has exited {code}, but the container proxy of its pod still runs\n"
    assert waiting in result.stderr
    name = namespace.job()["metadata"]["name"]
    eventually(lambda: namespace.job()["status"].get("conditions"), "it has ended")
    assert (result.exit_code, result.stdout) == (code, "done\n")
    assert result.stderr.endswith(f"job/{name}: {summary}\n")
    assert told(namespace, submit) == (name, code, summary)


@pytest.mark.waits
def test_wait_ends_a_job_that_waits_for_a_sidecar(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    with injecting(namespace, tmp_path, sidecar(busybox, "sleep 1000"), first=True):
        submit("--detach", "--workers=2", f"--image={busybox}", "--", "sh", "-c", "exit 7")
    name = namespace.job()["metadata"]["name"]
    result = submit("wait", name)
    assert result.exit_code == 7
    assert "exited 7; the Job was ended because the container proxy did not end" in result.stderr
    eventually(lambda: namespace.job()["status"].get("failed"), "it has ended")
    assert told(namespace, submit)[1] == 7


def test_one_of_three_fails(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """Another one ended well before, and a third one is about to."""
    script = "case $NODE_RANK in 0) exit 0;; 1) sleep 3; exit 3;; esac; " + WAITS.format(code=0)
    result = submit("--workers=3", f"--image={busybox}", "--", "sh", "-c", script)
    name, *outcome = told(namespace, submit)
    assert result.exit_code == 3
    assert result.stderr.endswith(f"job/{name}: worker 1 exited 3\n")
    assert outcome == [3, "worker 1 exited 3"]
    eventually(lambda: len(namespace.get("pods")) == 2, "the third one is gone")
    pods = json.loads(submit("status", name, "-o", "json").stdout)["pods"]
    assert sorted(pod["worker"] for pod in pods) == [0, 1, 2]
    (gone,) = (pod for pod in pods if pod["worker"] == 2)
    assert gone["name"] is None
    assert gone["reason"] in (
        "its pod was deleted when the Job failed",
        "it succeeded; its pod is gone",
    )


@pytest.mark.parametrize("code", [0, 9])
def test_a_pod_that_is_deleted_by_hand(
    namespace: Namespace, submit: Submit, busybox: str, code: int
) -> None:
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", WAITS.format(code=code))
    running.wait_for("ready\n")
    namespace.kubectl("delete", "pod", namespace.pod()["metadata"]["name"], "--wait=false")
    result = running.finish()
    assert "its pod was deleted" in result.stderr.splitlines()[-1]
    assert (result.exit_code, result.stdout) == (code, "ready\n")
    eventually(lambda: namespace.get("pods") == [], "its pod is gone")
    name, *outcome = told(namespace, submit)
    assert result.stderr.endswith(f"job/{name}: {outcome[1]}\n")
    assert outcome[0] == code


def test_a_pod_that_is_evicted_and_ends_well(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", WAITS.format(code=0))
    running.wait_for("ready\n")
    pod = namespace.pod()["metadata"]["name"]
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": namespace.name},
    }
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    namespace.kubectl("create", "--raw", path, "--filename=-", stdin=json.dumps(eviction))
    result = running.finish()
    assert "(EvictionByEvictionAPI)" in result.stderr or ": EvictionByEvictionAPI" in result.stderr
    name, *outcome = told(namespace, submit)
    assert result.exit_code == outcome[0]
    assert result.stderr.endswith(f"job/{name}: {outcome[1]}\n")


def test_an_init_container_that_fails(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    fetch = {"name": "fetch", "image": busybox, "command": ["sh", "-c", "echo no bucket; exit 3"]}
    manifest = own_job(tmp_path, pod={"initContainers": [fetch]})
    result = submit(f"--manifest={manifest}", f"--image={busybox}", "--", "echo", "never")
    name, *outcome = told(namespace, submit)
    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.endswith(f"job/{name}: init container fetch exited 3\nno bucket\n")
    assert outcome == [125, "init container fetch exited 3"]


def test_a_run_that_is_suspended_and_resumed(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    script = "echo begins; [ -e /tmp/go ] || sleep 1000 & wait"
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", script)
    running.wait_for("begins\n")
    name = namespace.job()["metadata"]["name"]
    namespace.kubectl("patch", "job", name, '--patch={"spec": {"suspend": true}}')
    running.wait_for("queued (the job is suspended); its pods were stopped, and will start again")
    namespace.kubectl("patch", "job", name, '--patch={"spec": {"suspend": false}}')
    running.wait_for("the command begins again: the Job was suspended and resumed\n")
    running.wait_for("begins\nbegins\n")
    assert submit("cancel", name).exit_code == 0
    assert running.finish().exit_code == 130
