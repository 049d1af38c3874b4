"""What a person sees and types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.terminal import Terminal
from tests.conftest import Repository, eventually

CTRL_C = "\x03"
Start = Callable[..., Terminal]


@pytest.fixture
def start(namespace: Namespace, tmp_path: Path) -> Iterator[Start]:
    """Starts `kubectl submit` on a terminal."""
    terminals = []

    def start(*arguments: str, cwd: Path = tmp_path, env: Mapping[str, str] = {}) -> Terminal:
        argv = ("kubectl", "submit", f"--namespace={namespace.name}", *arguments)
        terminals.append(Terminal(*argv, cwd=cwd, env=env))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.kill()


def test_the_first_ctrl_c_leaves_and_the_second_cancels(
    start: Start, submit: Submit, busybox: str, with_time_for_ctrl_c: Mapping[str, str]
) -> None:
    command = (f"--image={busybox}", "--", "sh", "-c", "echo ready; sleep 300")
    left = start("--name=left", *command)
    cancelled = start("--name=cancelled", *command, env=with_time_for_ctrl_c)
    for terminal in (left, cancelled):
        terminal.wait_for("ready\r\n")

    cancelled.type(CTRL_C)
    cancelled.wait_for("Ctrl-C again within 2 seconds cancels it")
    cancelled.type(CTRL_C)
    left.type(CTRL_C)

    exit_code, shown = cancelled.finish()
    assert (exit_code, "cancelled by " in shown) == (130, True)
    exit_code, shown = left.finish()
    assert (exit_code, "keeps running" in shown) == (130, True)
    states = dict(line.split()[:4:3] for line in submit("list").stdout.splitlines()[1:])
    assert sorted(states.values()) == ["Cancelled", "Running"]


def test_while_it_waits_a_line_says_why(start: Start, busybox: str) -> None:
    terminal = start("--gpus=99", f"--image={busybox}", "--", "true")

    terminal.wait_for("Insufficient nvidia.com/gpu")
    times = r"\d:\d\d:\d\d"
    eventually(lambda: len({*re.findall(times, terminal.shown())}) > 1, "the time goes on")

    terminal.type(CTRL_C)
    _, shown = terminal.finish()
    lines = [line for line in shown.split("\n") if "Insufficient nvidia.com/gpu" in line]
    assert len(lines) == 1, "it is one line that changes"


@pytest.mark.parametrize("build", ["remote", "local"])
def test_what_a_build_does_is_drawn_and_removed(
    start: Start, slow_build: Repository, namespace: Namespace, build: str
) -> None:
    terminal = start(f"--build={build}", "--", "true", cwd=slow_build.folder)

    terminal.wait_for("          slow")
    times = r"([\d.]+) s  \[\d/\d\] RUN echo slow; sleep 300"
    eventually(lambda: len({*re.findall(times, terminal.shown())}) > 1, "the time goes on")
    terminal.type(CTRL_C)

    exit_code, shown = terminal.finish()
    assert exit_code == 130
    assert shown.rindex("\x1b[2K") > shown.rindex("RUN echo slow"), "they are removed"
    assert shown.endswith("error: interrupted\r\n")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_workers_have_colours(start: Start, busybox: str) -> None:
    terminal = start("--workers=2", f"--image={busybox}", "--", "echo", "hello")

    exit_code, shown = terminal.finish()

    assert exit_code == 0
    colours = {match[1] for match in re.finditer(r"(\x1b\[[\d;]+m)\[\d\]", shown)}
    assert len(colours) == 2


def test_a_configuration_that_is_asked_for(
    start: Start, repository: Repository, submit: Submit
) -> None:
    """The rest is there to be filled in, and a submit takes it as it is."""
    repository.commit()

    terminal = start("init", cwd=repository.folder)
    terminal.wait_for("Image repository to push to")
    terminal.type("registry.example/me/app\r")

    exit_code, _ = terminal.finish()
    assert exit_code == 0
    written = (repository.folder / ".kubectl-submit.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(written) == {"image-repository": "registry.example/me/app"}
    again = submit("init", "--manifests", cwd=repository.folder)
    assert (again.exit_code, ".kubectl-submit.yaml already exists" in again.stderr) == (1, True)
    assert not (repository.folder / "kubectl-submit").exists()
    repository.commit()
    assert submit("--", "true", cwd=repository.folder).exit_code == 0


def test_manifests_for_editing(repository: Repository, submit: Submit) -> None:
    assert submit("init", "--manifests", cwd=repository.folder).exit_code == 0
    job = repository.folder / "kubectl-submit" / "job.yml"
    text = job.read_text(encoding="utf-8")
    changed = text.replace("      - name: main\n", "      - name: main\n        workingDir: /usr\n")
    job.write_text(changed, encoding="utf-8")
    repository.commit()

    result = submit("--", "pwd", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "/usr\n"), result.stderr
