"""A kubectl that its user has set up in every way there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests import hostile_kubectl
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Commands, Finished


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables of such a user."""
    return hostile_kubectl.environment(tmp_path / "set-up")


@pytest.fixture
def hostile(commands: Commands, namespace: Namespace, environment: dict[str, str]) -> Submit:
    """`kubectl submit` of such a user."""

    class Hostile(Submit):
        def __call__(self, *arguments: str, **more: object) -> Finished:
            return self.start(*arguments, env=environment).finish()

    return Hostile(commands, namespace.name)


def test_every_command(hostile: Submit, namespace: Namespace, busybox: str) -> None:
    ran = hostile(f"--image={busybox}", "--", "sh", "-c", "echo one; echo two; exit 3")
    assert (ran.exit_code, ran.stdout) == (3, "one\ntwo\n"), ran.stderr
    name = namespace.job()["metadata"]["name"]

    assert f"{name}   kubernetes   0/1       Failed (3)" in hostile("list").stdout
    assert "exited 3" in hostile("status", name).stdout
    assert json.loads(hostile("status", name, "-o", "json").stdout)["exitCode"] == 3
    assert hostile("logs", name).stdout == "one\ntwo\n"
    assert hostile("logs", "-f", name).exit_code == 3
    assert hostile("wait", name).exit_code == 3

    assert hostile("cancel", "--delete", name).exit_code == 0
    assert namespace.names("jobs") == []


def test_a_run_is_cancelled(hostile: Submit, namespace: Namespace, busybox: str) -> None:
    left = hostile("--detach", f"--image={busybox}", "--", "sleep", "1000")
    assert left.exit_code == 0, left.stderr
    name = namespace.job()["metadata"]["name"]

    assert hostile("cancel", name).exit_code == 0
    assert hostile("wait", name).exit_code == 130


def test_the_policy_for_credential_plugins_counts(
    hostile: Submit, namespace: Namespace, environment: dict[str, str], busybox: str
) -> None:
    kuberc = Path(environment["KUBERC"])
    preferences = yaml.safe_load(kuberc.read_text())
    preferences["credentialPluginAllowlist"] = [{"name": "/usr/bin/another"}]
    kuberc.write_text(yaml.safe_dump(preferences))

    result = hostile(f"--image={busybox}", "--", "true")

    assert (result.exit_code, "Traceback" in result.stderr) == (125, False)
    assert "not permitted by the credential plugin allowlist" in result.stderr
    assert namespace.names("jobs") == []
