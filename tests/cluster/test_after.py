"""After the submit: list, status, logs, wait, cancel."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit, own_job
from tests.conftest import Commands, Repository, eventually

# Worker 1 fails once it has a sign: when worker 0 has ended.
FAILS = f"echo $NODE_RANK; [ $NODE_RANK = 0 ] || {{ {UNTIL_SIGNED}; exit 33; }}"
READY = "echo ready; sleep 300"


@pytest.fixture
def of(namespace: Namespace, submit: Submit) -> Any:
    """What a command with `-o json` says of the test's namespace."""

    def ask(*words: str) -> Any:
        result = submit(*words, "-o", "json")
        assert result.exit_code == 0, result.stderr
        document = json.loads(result.stdout)
        assert document["apiVersion"] == "kubectl-submit/v1"
        return document

    return ask


def as_user(email: str) -> dict[str, str]:
    """The environment of somebody with this address."""
    key = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.email"}
    return {**key, "GIT_CONFIG_VALUE_0": email}


@pytest.fixture
def names(namespace: Namespace, submit: Submit, busybox: str) -> list[str]:
    """One run of Ada's whose worker 1 fails, and one of Bob's that succeeds."""
    image, command = f"--image={busybox}", ("--", "sh", "-c", FAILS, "two words")
    ada, bob = as_user("ada@example.org"), as_user("bob@example.org")
    one = submit.start(image, "--name=one", "--workers=2", *command, env=ada)
    one.wait_for("[1] 1\n")
    index = "batch.kubernetes.io/job-completion-index"
    namespace.wait("--for=jsonpath={.status.phase}=Succeeded", "pods", f"--selector={index}=0")
    [failing] = namespace.get("pods", f"{index}=1")
    namespace.sign(failing["metadata"]["name"])
    two = submit(image, "--name=two", "--", "echo", "hi", env=bob)
    assert (one.finish().exit_code, two.exit_code) == (33, 0)
    return sorted(namespace.names("jobs"))


def test_list(of: Any, namespace: Namespace, submit: Submit, names: list[str]) -> None:
    one, two = of("list")["items"]
    assert (one["state"], one["exitCode"], one["createdBy"]) == ("Failed", 33, "ada@example.org")
    assert (two["state"], two["exitCode"], two["createdBy"]) == ("Succeeded", 0, "bob@example.org")
    table = submit("list").stdout.splitlines()
    assert re.match(rf"{names[0]} +kubernetes +0/2 +Failed \(33\) +\S+ +\S+ +-", table[1])
    mine = submit("list", "--mine", "-o", "name", env=as_user("bob@example.org"))
    assert mine.stdout == f"job/{names[1]}\n"
    everywhere = submit("list", "-A").stdout
    assert re.search(rf"^{namespace.name} +{names[1]} ", everywhere, re.MULTILINE)


def test_status(of: Any, namespace: Namespace, submit: Submit, names: list[str]) -> None:
    story = of("status", "one")
    assert story["command"] == ["sh", "-c", FAILS, "two words"]
    assert [phase["name"] for phase in story["phases"]] == ["queue", "pull", "start", "run"]
    assert [(pod["worker"], pod["exitCode"]) for pod in story["pods"]] == [(0, 0), (1, 33)]
    shown = submit("status", "one").stdout
    assert shlex.join(story["command"]) in shown
    assert f"Next: kubectl submit logs {names[0]} -n {namespace.name}\n" in shown


def test_logs_and_wait(namespace: Namespace, submit: Submit, names: list[str]) -> None:
    assert sorted(submit("logs", "one").stdout.splitlines()) == ["[0] 0", "[1] 1"]
    followed = submit("logs", "-f", "--worker=1", "one")
    assert (followed.exit_code, followed.stdout) == (33, "1\n")
    assert submit("logs", "--since=1s", "--worker=1", "one").stdout == ""
    timed = submit("logs", "--timestamps", f"job/{names[1]}").stdout
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z hi\n", timed)

    assert submit("wait", names[1]).exit_code == 0
    waited = submit("wait", "two", "one")
    assert (waited.exit_code, f"job/{names[0]}: worker 1 exited 33" in waited.stderr) == (33, True)
    again = submit("cancel", "one")
    assert (again.exit_code, "has nothing to cancel: Failed" in again.stderr) == (0, True)
    assert submit("cancel", "--delete", "one", "two").exit_code == 0
    eventually(lambda: namespace.names("jobs,pods,services") == [], "everything is deleted")


def test_names_that_are_not_there(
    namespace: Namespace, submit: Submit, commands: Commands, busybox: str
) -> None:
    for _ in range(2):
        assert submit(f"--image={busybox}", "--name=twin", "-q", "--", "true").exit_code == 0
    namespace.kubectl("create", "job", "foreign", f"--image={busybox}", "--", "true")

    for word, code in (("cancel", 1), ("status", 1), ("logs", 125), ("wait", 125)):
        nothing = submit(word, "nothing")
        assert nothing.exit_code == code
        assert "error: there is no run 'nothing' in " in nothing.stderr
    assert "'twin' is the beginning of 2 names" in submit("cancel", "twin").stderr
    assert "was not created by kubectl-submit" in submit("cancel", "foreign").stderr
    elsewhere = commands.run("kubectl", "submit", "status", namespace.names("jobs")[0])
    assert f"Add -n {namespace.name}.\n" in elsewhere.stderr
    nobody = submit("list", "--as=nobody")
    assert (nobody.exit_code, "error: not allowed\n" in nobody.stderr) == (1, True)
    assert len(namespace.names("jobs")) == 3


def test_cancel_ends_what_runs_and_what_waits_for_good(
    of: Any, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    runs = submit.start(f"--image={busybox}", "--name=runs", "--", "sh", "-c", READY)
    runs.wait_for("ready\n")
    waits = submit.start(f"--image={busybox}", "--name=waits", "--gpus=99", "--", "true")
    waits.wait_for("Insufficient")
    waiting = submit.start("wait", "waits")
    waiting.wait_for("Pending")
    assert [one["state"] for one in of("list")["items"]] == ["Running", "Pending"]
    assert submit("wait", "--timeout=1s", "runs").exit_code == 124

    assert submit("cancel", "runs", "waits").exit_code == 0

    for command in (runs, waits, waiting):
        ended = command.finish()
        assert (ended.exit_code, "cancelled by " in ended.stderr) == (130, True)
    assert [one["state"] for one in of("list")["items"]] == ["Cancelled", "Cancelled"]
    assert all(one["cancelledBy"] for one in of("list")["items"])
    assert submit("wait", "runs").exit_code == 130
    assert submit("cancel", "runs").exit_code == 0
    eventually(lambda: namespace.names("pods") == [], "the pods are gone")


def test_a_queued_run_is_cancelled_without_a_pod(
    of: Any, namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    queue = own_job(tmp_path, spec={"suspend": True})
    queued = submit.start(f"--image={busybox}", f"--manifest={queue}", "--name=q", "--", "true")
    queued.wait_for("queued (the job is suspended)")
    assert of("status", "q")["state"] == "Queued"

    assert submit("cancel", "q").exit_code == 0

    assert queued.finish().exit_code == 130
    assert of("status", "q")["state"] == "Cancelled"
    assert "SuccessfulCreate" not in json.dumps(of("status", "q")["events"])


def test_a_run_whose_image_is_built_is_there_and_can_be_cancelled(
    of: Any, slow_build: Repository, submit: Submit
) -> None:
    building = submit.start("--verbose", "--name=built", "--", "true", cwd=slow_build.folder)
    building.wait_for(" slow\n")
    assert of("status", "built")["state"] == "Building"
    assert " slow\n" in submit("logs", "--build", "built").stdout
    assert "has not begun: Building" in submit("logs", "built").stderr

    assert submit("cancel", "built").exit_code == 0

    ended = building.finish()
    assert (ended.exit_code, "error: the build was cancelled by " in ended.stderr) == (130, True)
    [run] = of("list")["items"]
    assert run["state"] == "Cancelled"


def test_all_of_mine_are_cancelled_and_nobody_elses(of: Any, submit: Submit, busybox: str) -> None:
    flags = ("--detach", "-q", f"--image={busybox}")
    ada, bob = as_user("ada@example.org"), as_user("bob@example.org")
    for name, who in (("first", ada), ("second", ada), ("third", bob)):
        command = (f"--name={name}", "--", "sleep", "300")
        assert submit(*flags, *command, env=who).exit_code == 0

    cancelled = submit("cancel", "--all", "--mine", env=ada)

    assert cancelled.exit_code == 0, cancelled.stderr
    states = {one["name"].split("-")[0]: one["state"] for one in of("list")["items"]}
    assert states.pop("third") in ("Pending", "Running")
    assert states == {"first": "Cancelled", "second": "Cancelled"}
    assert {one.get("cancelledBy") for one in of("list")["items"]} == {"ada@example.org", None}


def test_a_list_that_goes_on(namespace: Namespace, submit: Submit, busybox: str) -> None:
    watching = submit.start("list", "-w")
    watching.wait_for("NAME ")
    fails = f"{UNTIL_SIGNED}; exit 4"
    seen = ("--detach", "--name=seen", f"--image={busybox}", "--", "sh", "-c", fails)
    assert submit(*seen).exit_code == 0

    watching.wait_for(" Running ")
    namespace.sign(namespace.pod()["metadata"]["name"])
    watching.wait_for(" Failed (4) ")

    watching.press_ctrl_c()
    ended = watching.finish()
    assert ended.exit_code == 130
    states = [line.split()[3] for line in ended.stdout.splitlines()[1:]]
    assert states == sorted(states, key=["Pending", "Running", "Failed"].index)
