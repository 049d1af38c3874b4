"""A third kind of execution goes through every command, by its folder and one line in the table."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cluster.conftest import Namespace
from tests.conftest import Commands, Finished, Running

MAIN = """
from kubectl_submit.model.execution_kinds import EXECUTION_BACKENDS
EXECUTION_BACKENDS["pod"] = "tests.cluster.toy"
from kubectl_submit.__main__ import main
main()
"""


class Toy:
    """The installed command, which knows of Pods as well."""

    def __init__(self, commands: Commands, namespace: Namespace) -> None:
        self._commands = commands
        self._namespace = namespace

    def start(self, *arguments: str) -> Running:
        """Start it."""
        where = f"--namespace={self._namespace.name}"
        first = arguments[0] if arguments[0] in ("list", "status", "logs", "wait", "cancel") else ""
        words = [first, where, *arguments[1:]] if first else [where, *arguments]
        return self._commands.start(
            sys.executable, "-c", MAIN, *words, env={"PYTHONPATH": ":".join(sys.path)}
        )

    def __call__(self, *arguments: str) -> Finished:
        """Run it to its end."""
        return self.start(*arguments).finish()


@pytest.fixture
def toy(commands: Commands, namespace: Namespace) -> Toy:
    return Toy(commands, namespace)


def test_through_every_command(toy: Toy, busybox: str) -> None:
    flags = ("--execution=pod", f"--image={busybox}")
    ended = toy(*flags, "--name=ended", "--", "sh", "-c", "echo one; echo two; exit 7")
    assert (ended.exit_code, ended.stdout) == (7, "one\ntwo\n"), ended.stderr

    running = toy.start(*flags, "--name=runs", "--", "sh", "-c", "echo ready; sleep 1000")
    running.wait_for("ready\n")
    found = json.loads(toy("list", "-o", "json").stdout)["items"]
    states = {one["name"].rpartition("-")[0]: (one["state"], one["backend"]) for one in found}
    assert states == {"ended": ("Failed", "pod"), "runs": ("Running", "pod")}
    told = json.loads(toy("status", "ended", "-o", "json").stdout)
    assert (told["exitCode"], [one["name"] for one in told["phases"]]) == (7, ["run"])
    assert toy("logs", "ended").stdout == "one\ntwo\n"
    assert toy("wait", "ended").exit_code == 7

    assert toy("cancel", "runs").exit_code == 0
    assert running.finish().exit_code == 130
    assert toy("wait", "runs").exit_code == 130
