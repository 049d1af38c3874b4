"""What `doctor` says, and what it does not say because it could not ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_submit.cli import main

from .programs import Answer, Program

UNREACHABLE = "Unable to connect to the server: dial tcp: lookup k8s.invalid: no such host\n"
VERSION = {"clientVersion": {"gitVersion": "v1.35.4"}, "serverVersion": {"gitVersion": "v1.35.4"}}
FORBIDDEN = 'Error from server (Forbidden): secrets "b" is forbidden: User "x" cannot get\n'


@pytest.fixture
def cluster(kubectl: Program) -> Program:
    """A cluster that allows everything."""
    kubectl.on("create", Answer("{}"))
    kubectl.on("version", Answer(json.dumps(VERSION)))
    kubectl.on("namespace/team", Answer("namespace/team\n"))
    kubectl.on("can-i", Answer("yes\n"))
    kubectl.on("--raw", Answer('{"metadata": {}}'))
    return kubectl


def found(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The findings for an image, by name; the exit code as `exit`."""
    code = main.run(["doctor", "-n", "team", "--image", "app", "-o", "json", *arguments])
    document = json.loads(capfd.readouterr().out)
    return {one["name"]: one for one in document["items"]} | {"exit": code}


def test_all_is_well(cluster: Program, capfd: pytest.CaptureFixture[str]) -> None:
    told = found(capfd)
    assert told.pop("exit") == 0
    assert all(one["ok"] for one in told.values())
    assert "name no Secret" in told["names"]["text"]
    assert "build" not in told


def test_what_an_unreachable_cluster_was_not_asked_is_not_said(
    kubectl: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    kubectl.on(Answer(stderr=UNREACHABLE, exit_code=1))
    told = found(capfd, "--secret", "wandb")
    assert told.pop("exit") == 1
    oks = {name: one["ok"] for name, one in told.items()}
    assert (oks.pop("git"), oks.pop("kubectl")) == (True, False)
    assert oks == dict.fromkeys(("namespace", "permissions", "names", "manifest"))
    assert "permission" not in str([one["text"] + str(one["remedy"]) for one in told.values()])


def test_no_answer_about_permissions_is_no_refusal(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster.on("can-i", "create", Answer(stderr=UNREACHABLE, exit_code=1))
    told = found(capfd)["permissions"]
    assert (told["ok"], told["text"].startswith("cannot reach the cluster")) == (False, True)
    cluster.on("can-i", "create", Answer("no - denied by x\n", exit_code=1))
    assert found(capfd)["permissions"]["text"] == "not allowed: create jobs.batch, create services"


def test_names_that_may_not_be_read(cluster: Program, capfd: pytest.CaptureFixture[str]) -> None:
    cluster.on("get", "secret/a", Answer("secret/a\n", stderr=FORBIDDEN, exit_code=1))
    told = found(capfd, "--secret", "a", "--secret", "b")["names"]
    assert told["ok"] is True
    assert told["text"] == "there: secret/a; not checked, as you may not read it: secret/b"
    told = found(capfd, "--secret", "a", "--secret", "c", "--secret", "b")["names"]
    assert (told["ok"], told["text"]) == (False, "not in the namespace: secret/c")


def test_the_servers_warnings_are_shown(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    warning = 'would violate PodSecurity "baseline:latest": seccompProfile'
    cluster.on("create", Answer("{}", stderr=f"Warning: {warning}\n"))
    assert found(capfd)["manifest"]["text"].endswith(f"it warns: {warning}")


def test_where_there_is_no_commit_no_manifest_is_tried(
    cluster: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    main.run(["doctor", "-n", "team"])
    lines = capfd.readouterr().out.splitlines()
    assert any(line.startswith("MISSING commit") for line in lines)
    assert any(line == "-       manifest     not checked: first commit" for line in lines)
