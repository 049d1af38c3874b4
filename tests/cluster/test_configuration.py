"""A flag comes before the environment, that before the file, and that before the default."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit
from tests.conftest import Commands


def test_flag_environment_file(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    (tmp_path / ".kubectl-submit.yaml").write_text(
        f"image: {busybox}\n"
        "name: from-the-file\n"
        "memory: 101Mi\n"
        "ttl: 101\n"
        "env:\n"
        "  GREETING: hello from the file\n"
    )
    subfolder = tmp_path / "deep" / "inside"
    subfolder.mkdir(parents=True)
    environment = {
        "KUBECTL_SUBMIT_NAME_PREFIX": "from-the-environment",
        "KUBECTL_SUBMIT_MEMORY": "102Mi",
    }

    result = submit(
        "--name=from-the-flag",
        *("--", "sh", "-c", "echo $GREETING"),
        cwd=subfolder,
        env=environment,
    )

    assert (result.exit_code, result.stdout) == (0, "hello from the file\n")
    job = namespace.job()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["metadata"]["name"].startswith("from-the-flag-")
    assert container["resources"]["limits"]["memory"] == "102Mi"
    assert job["spec"]["ttlSecondsAfterFinished"] == 101


def test_a_key_that_is_none(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    (tmp_path / ".kubectl-submit.yaml").write_text("wrokers: 2\n")

    result = submit(f"--image={busybox}", "--", "true", cwd=tmp_path)

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr == (
        f"error: {tmp_path}/.kubectl-submit.yaml: unknown key 'wrokers'\nDid you mean workers?\n"
    )
    assert namespace.names("jobs") == []


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A kubeconfig whose current context leads nowhere; the context `good` is the real one."""
    path = tmp_path / "kubeconfig"
    view = ["kubectl", "config", "view", "--minify", "--flatten"]
    path.write_bytes(subprocess.run([*view, "--raw"], check=True, capture_output=True).stdout)

    def configure(*arguments: str) -> str:
        command = ["kubectl", "config", f"--kubeconfig={path}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    configure("rename-context", configure("current-context"), "good")
    user = configure("view", "--output=jsonpath={.contexts[0].context.user}")
    configure("set-cluster", "nowhere", "--server=https://127.0.0.1:1")
    configure("set-context", "bad", "--cluster=nowhere", f"--user={user}")
    configure("use-context", "bad")
    return path


def test_the_context_reaches_every_call(submit: Submit, busybox: str, kubeconfig: Path) -> None:
    """Two workers need every kind of call: create, watch, and logs."""
    command = ("--workers=2", f"--image={busybox}", "--", "echo", "hello")
    flag = f"--kubeconfig={kubeconfig}"

    result = submit(flag, *command, env={"KUBECTL_SUBMIT_CONTEXT": "good"})
    assert (result.exit_code, sorted(result.stdout.splitlines())) == (0, ["[0] hello", "[1] hello"])

    current = submit(flag, *command)
    assert (current.exit_code, current.stdout) == (125, "")
    assert current.stderr.startswith("error: cannot reach the cluster\n")

    unknown = submit(flag, "--context=no-such", *command)
    assert (unknown.exit_code, unknown.stdout) == (125, "")
    assert unknown.stderr.startswith("error: there is no such context\n")


def test_the_namespace_of_the_context(
    namespace: Namespace, commands: Commands, busybox: str, kubeconfig: Path
) -> None:
    set_namespace = ("set-context", "good", f"--namespace={namespace.name}")
    config = ["kubectl", "config", f"--kubeconfig={kubeconfig}", *set_namespace]
    subprocess.run(config, check=True, capture_output=True)

    result = commands.run(
        *("kubectl", "submit", f"--kubeconfig={kubeconfig}", "--context=good"),
        *(f"--image={busybox}", "--", "echo", "hello"),
        env={"KUBECONFIG": os.devnull},
    )

    assert (result.exit_code, result.stdout) == (0, "hello\n")
    assert len(namespace.get("jobs")) == 1


def test_a_context_that_becomes_current_later_is_not_used(
    namespace: Namespace, submit: Submit, busybox: str, kubeconfig: Path
) -> None:
    """Two runs of a terminal: one that is followed, and one that is cancelled by Ctrl-C."""

    def use(context: str) -> None:
        command = ["kubectl", "config", f"--kubeconfig={kubeconfig}", "use-context", context]
        subprocess.run(command, check=True, capture_output=True)

    use("good")
    flags = (f"--kubeconfig={kubeconfig}", "--cancel-on-interrupt", f"--image={busybox}")
    wait = f"echo ready; {UNTIL_SIGNED}; exit 3"
    followed = submit.start(*flags, "--", "sh", "-c", wait)
    cancelled = submit.start(*flags, "--", "sh", "-c", "echo ready; sleep 600")
    followed.wait_for("ready\n")
    cancelled.wait_for("ready\n")

    use("bad")
    cancelled.press_ctrl_c()
    assert cancelled.finish().exit_code == 130
    (pod,) = (one for one in namespace.get("pods") if not one["metadata"].get("deletionTimestamp"))
    namespace.sign(pod["metadata"]["name"])
    result = followed.finish()

    assert (result.exit_code, result.stdout) == (3, "ready\n"), result.stderr
