"""Faults of the whole cluster: these tests run one after another, and nothing else beside them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.counting import FAULTLESS, check, count
from tests.cluster.faults.parts import kill, restart
from tests.conftest import eventually, local

LINES = 5000

# What the pod garbage collector writes, a minute after the node is gone (kubernetes pkg/controller/
# podgc), before it deletes the pod.
COLLECTED = {
    "phase": "Failed",
    "conditions": [
        {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"},
    ],
}


@pytest.mark.parametrize("component", ["kube-apiserver", "kubelet", "containerd"])
def test_a_part_of_the_cluster_is_killed_and_restarted(
    component: str, submit: Submit, busybox: str
) -> None:
    flags = ("--workers=2", f"--image={busybox}", "--")
    running = submit.start(*flags, *count(LINES))
    running.wait_for("[1] line 500\n")
    kill(component)
    restart()
    result = running.finish()
    assert check(result.stdout, workers=2, lines=LINES) == FAULTLESS
    assert result.exit_code == 0


def test_ctrl_c_while_the_api_server_hangs(submit: Submit, busybox: str) -> None:
    """It ends while nobody answers: nothing that it has asked is waited for."""
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", "echo here; sleep 300")
    running.wait_for("here\n")
    kill("kube-apiserver", signal.SIGSTOP)
    try:
        running.press_ctrl_c()
        result = running.finish()
    finally:
        kill("kube-apiserver", signal.SIGCONT)
    assert (result.exit_code, result.stdout) == (130, "here\n")
    assert "keeps running" in result.stderr


def test_the_log_rotates_while_it_is_followed(
    namespace: Namespace, submit: Submit, python: str
) -> None:
    """The kubelet rotates at 10 MiB; 40 MB are written, at a speed that can be followed."""
    program = (
        "import time\n"
        "for number in range(200_000):\n"
        "    print(f'line {number}' + 200 * ' ')\n"
        "    if number % 2000 == 0: time.sleep(0.15)\n"
        "time.sleep(2)\n"
    )
    running = submit.start(f"--image={python}", "--", "python", "-u", "-c", program)
    running.wait_for("line 1000 ")
    pod = namespace.pod()["metadata"]["name"]
    result = running.finish()
    lines = "\n".join(line.rstrip() for line in result.stdout.splitlines())
    assert check(lines, workers=1, lines=200_000) == FAULTLESS
    first = namespace.kubectl("logs", pod, "--limit-bytes=10")
    assert first != "line 0    ", "the log has not been rotated, so nothing was tested"


def test_a_log_that_is_rotated_after_its_last_line(
    namespace: Namespace, submit: Submit, python: str
) -> None:
    """What the node still shows is empty; but its stream ended well at the container's end."""
    program = (
        "import pathlib, time\n"
        "for number in range(60_000):\n"
        "    print(f'line {number}' + 200 * ' ')\n"
        "    number % 1000 or time.sleep(0.05)  # not faster than a kubelet reads\n"
        "print('written', flush=True)\n"
        "while not pathlib.Path('/tmp/go').exists(): time.sleep(0.1)\n"
    )
    running = submit.start(f"--image={python}", "--", "python", "-c", program)
    running.wait_for("written\n")
    pod = namespace.pod()["metadata"]["name"]
    log = _log_files(namespace, pod)
    eventually(lambda: len(list(log.parent.iterdir())) > 1, "rotated")
    namespace.kubectl("exec", pod, "--", "touch", "/tmp/go")
    result = running.finish()
    assert namespace.kubectl("logs", pod) == ""
    assert result.exit_code == 0
    assert result.stdout.endswith(f"line 59999{200 * ' '}\nwritten\n")
    assert "missing" not in result.stderr


def test_lines_rotated_away_while_there_was_no_contact_are_named(
    namespace: Namespace, submit: Submit, python: str
) -> None:
    """80 MB are written while the API server is away; the node shows the newest 10 of them."""
    program = (
        "import pathlib, time\n"
        "print('line 0', flush=True)\n"
        "while not pathlib.Path('/tmp/go').exists(): time.sleep(0.1)\n"
        "time.sleep(5)\n"
        "end = time.monotonic() + 40\n"
        "while time.monotonic() < end:\n"
        "    print(1000 * ('line' + 200 * ' ' + '\\n'), flush=True)\n"
        "    time.sleep(0.1)\n"
        "time.sleep(12)\n"
        "print('the end')\n"
        "time.sleep(2)\n"
    )
    running = submit.start(f"--image={python}", "--", "python", "-c", program)
    running.wait_for("line 0\n")
    pod = namespace.pod()["metadata"]["name"]
    namespace.kubectl("exec", pod, "--", "touch", "/tmp/go")
    kill("kube-apiserver")
    log = _log_files(namespace, pod)
    eventually(lambda: len(list(log.parent.iterdir())) > 2, "rotated twice")
    restart()
    result = running.finish()
    assert result.exit_code == 0
    assert "the end\n" in result.stdout
    assert "may be missing" in result.stderr


def test_a_pod_that_goes_away_with_its_node(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """Nobody can read what it wrote last; that is said, and the outcome is the Job's."""
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", "echo here; sleep 1000")
    running.wait_for("here\n")
    kill("kubelet")
    try:
        pod = namespace.pod()["metadata"]["name"]
        patch = ("--subresource=status", f"--patch={json.dumps({'status': COLLECTED})}")
        namespace.kubectl("patch", "pod", pod, *patch)
        namespace.kubectl("delete", "pod", pod, "--force", "--grace-period=0", "--wait=false")
        result = running.finish()
    finally:
        restart()
    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (125, "here\n")
    missing = r"^warning: lines (?:after|between) 20\S+Z .*may be missing"
    assert len(re.findall(missing, result.stderr, re.MULTILINE)) == 1
    assert result.stderr.endswith(f"job/{job}: ended without a code (DeletionByPodGC)\n")


def test_a_registry_that_is_away_for_a_while(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """The kubelet tries again, and so the run waits, and says for what."""
    name = f"away-{uuid.uuid4().hex[:8]}"
    there, pulled = local("LOCAL_REGISTRY"), local("LOCAL_PULL_REGISTRY")
    copy = ("crane", "copy", busybox.replace(pulled, there), f"{there}/{name}:1")
    subprocess.run(copy, check=True, capture_output=True)
    digest = subprocess.run(
        ["crane", "digest", f"{there}/{name}:1"], check=True, capture_output=True, text=True
    ).stdout.strip()
    kill("registry")
    try:
        running = submit.start(f"--image={pulled}/{name}@{digest}", "--", "echo", "there again")
        running.wait_for("ErrImagePull: ")
        running.wait_for("ImagePullBackOff: ")
    finally:
        restart()
    result = running.finish()
    assert (result.exit_code, result.stdout) == (0, "there again\n")
    assert "connection refused" in result.stderr


def test_a_node_that_is_lost(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """What is said of it comes from the pod: whoever runs a command may not read nodes."""
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", "echo here; sleep 1000")
    running.wait_for("here\n")
    kill("kubelet", signal.SIGSTOP)
    try:
        name = namespace.job()["metadata"]["name"]
        node = namespace.pod()["spec"]["nodeName"]
        running.wait_for(f"waiting: node {node} of the run has not been ready since 20")
        running.wait_for("if it stays away, Kubernetes deletes the pod 300 s after that")
        shown = submit("status", name).stdout
        assert f"Running: node {node} of the run has not been ready since 20" in shown
        assert submit("cancel", name).exit_code == 0
        result = running.finish()
    finally:
        kill("kubelet", signal.SIGCONT)
    assert result.exit_code == 130
    ready = "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    eventually(lambda: namespace.kubectl("get", "node", node, ready) == "True", "ready again")


def _log_files(namespace: Namespace, pod: str) -> Path:
    """The node's own log file of a pod's container."""
    (found,) = Path(local("LOCAL_POD_LOGS")).glob(f"{namespace.name}_{pod}_*/main/0.log")
    return found
