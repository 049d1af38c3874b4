"""How a job ends is how the command ends; and what never ran is not left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit, create_registry_secret
from tests.conftest import eventually, local

EAT_MEMORY = "x = b'x' * 500_000_000"
NEEDS_A_CONFIGMAP = """\
apiVersion: batch/v1
kind: Job
metadata: {name: needy}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: any
        env: [{name: X, valueFrom: {configMapKeyRef: {name: no-such-configmap, key: x}}}]
"""
SLEEP = "trap 'exit 0' TERM; echo ready; sleep 1000 & wait"


@pytest.mark.parametrize("code", [0, 1, 33])
def test_the_commands_own_exit_code(
    namespace: Namespace, submit: Submit, busybox: str, code: int
) -> None:
    result = submit(f"--image={busybox}", "--", "sh", "-c", f"echo done; exit {code}")

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (code, "done\n")
    assert result.stderr.startswith(f"job/{job} runs {busybox.removesuffix(':1')}")
    assert result.stderr.endswith(f"job/{job}: exited {code}\n") == (code != 0)


def test_out_of_memory(namespace: Namespace, submit: Submit, python: str) -> None:
    result = submit(f"--image={python}", "--memory=32Mi", "--", "python", "-c", EAT_MEMORY)

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (137, "")
    assert result.stderr.endswith(f"job/{job}: exited 137 (OOMKilled)\n")


def test_timeout(namespace: Namespace, submit: Submit, busybox: str) -> None:
    """Even if the command then ends as if all were well."""
    running = submit.start("--timeout=1h", f"--image={busybox}", "--", "sh", "-c", SLEEP)
    running.wait_for("ready\n")
    pod = namespace.pod()
    assert pod["spec"]["activeDeadlineSeconds"] == 3600
    # The hour is over sooner, but not before a busy node has started the command.
    sooner = '{"spec": {"activeDeadlineSeconds": 1}}'
    namespace.kubectl("patch", "pod", pod["metadata"]["name"], f"--patch={sooner}")
    result = running.finish()

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (124, "ready\n")
    assert result.stderr.endswith(f"job/{job}: ran longer than --timeout allows\n")


def test_a_job_that_vanishes_as_soon_as_it_ends(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    command = "echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; seq 1000; exit 7"
    running = submit.start("--ttl=0", f"--image={busybox}", "--", "sh", "-c", command)
    running.wait_for("begun\n")
    namespace.kubectl("exec", namespace.pod()["metadata"]["name"], "--", "touch", "/tmp/go")
    result = running.finish()

    assert result.exit_code == 7
    assert result.stdout == "begun\n" + "".join(f"{number}\n" for number in range(1, 1001))
    eventually(lambda: namespace.names("jobs") == [], "the job is gone")


def test_no_node_has_so_many_gpus(namespace: Namespace, submit: Submit, busybox: str) -> None:
    for seconds in (3, 30, 300):  # a busy scheduler needs longer to say why
        limit = f"--pending-timeout={seconds}"
        result = submit("--gpus=99", limit, f"--image={busybox}", "--", "true")
        if "Unschedulable" in result.stderr:
            break

    assert (result.exit_code, result.stdout) == (124, "")
    waiting, error = result.stderr.split("error: ")
    reason = r".*Unschedulable: .* Insufficient nvidia\.com/gpu\n"
    assert re.search(f"^waiting.*: {reason}", waiting, re.MULTILINE)
    assert re.search(f"did not start within {seconds} seconds\n{reason}", error)
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_command_that_the_image_does_not_have(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    result = submit(f"--image={busybox}", "--", "no-such-command")

    assert (result.exit_code, result.stdout) == (125, "")
    assert 'exec: "no-such-command": executable file not found in $PATH' in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_an_image_that_is_not_there(namespace: Namespace, submit: Submit, busybox: str) -> None:
    image = busybox.replace("busybox:1", "no-such-image:1")

    result = submit(f"--image={image}", "--workers=2", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "ErrImagePull" in result.stderr
    assert image in result.stderr
    eventually(lambda: namespace.names("jobs,pods,services") == [], "nothing is left")


@pytest.mark.waits
def test_a_registry_that_does_not_answer_is_awaited(namespace: Namespace, submit: Submit) -> None:
    """At this address, which is the node's own, nobody listens; no DNS has a part in it."""
    image = f"127.0.0.1:5999/busybox@sha256:{64 * '5'}"

    result = submit(f"--image={image}", "--pending-timeout=20", "--", "true")

    assert (result.exit_code, result.stdout) == (124, "")
    assert re.search(r"^waiting.*ErrImagePull: .*connection refused$", result.stderr, re.MULTILINE)
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


@pytest.mark.waits
def test_a_denial_is_final_at_the_third_try(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """Only the third time: at first the kubelet may not have read the pod's Secret yet."""
    create_registry_secret(namespace, local("LOCAL_PRIVATE_PULL_REGISTRY"), "wrong")
    private = busybox.replace(local("LOCAL_PULL_REGISTRY"), local("LOCAL_PRIVATE_PULL_REGISTRY"))
    image = f"{private.removesuffix(':1')}@sha256:{64 * '5'}"

    result = submit(f"--image={image}", "--registry-secret=registry", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    waiting, _, error = result.stderr.partition("error: ")
    assert "ImagePullBackOff: " in waiting
    assert "401 Unauthorized" in error
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_name_that_no_image_can_have(namespace: Namespace, submit: Submit, busybox: str) -> None:
    result = submit(f"--image={busybox.upper()}", "--name=upper", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "InvalidImageName" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_variable_from_nowhere(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "job.yml"
    manifest.write_text(NEEDS_A_CONFIGMAP)

    result = submit(f"--manifest={manifest}", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert 'CreateContainerConfigError: configmap "no-such-configmap" not found' in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_job_that_somebody_deletes(namespace: Namespace, submit: Submit, busybox: str) -> None:
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", SLEEP)
    running.wait_for("ready")
    job = namespace.job()["metadata"]["name"]

    namespace.kubectl("delete", "job", job, "--wait=false")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (125, "ready\n")
    assert result.stderr.endswith(f"error: the job {job} was deleted\n")


def test_a_pod_that_somebody_deletes(namespace: Namespace, submit: Submit, busybox: str) -> None:
    stopped = SLEEP.replace("exit 0", "exit 9")
    running = submit.start(f"--image={busybox}", "--", "sh", "-c", stopped)
    running.wait_for("ready")

    namespace.kubectl("delete", "pod", namespace.pod()["metadata"]["name"], "--wait=false")
    result = running.finish()

    job = namespace.job()["metadata"]["name"]
    assert (result.exit_code, result.stdout) == (9, "ready\n")
    assert result.stderr.endswith(f"job/{job}: exited 9 (its pod was deleted)\n")
