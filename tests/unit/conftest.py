"""Every test runs with a HOME, a PATH and a folder of its own, away from this machine's."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kubectl_submit.cluster import kube_context, kuberc, server_path
from kubectl_submit.following import follow
from kubectl_submit.following.logs import streams
from kubectl_submit.process import command
from tests.patience import PATIENCE

from .listener import Listener
from .programs import Answer, Program
from .quick_programs import quick_command, quick_signal
from .repositories import Project, pushed
from .simulation import Simulation

GIT_CONFIGURATION = """\
[user]
	name = Ada
	email = ada@example.com
[init]
	defaultBranch = main
	templateDir =
[core]
	fsync = none
[gc]
	auto = 0
"""
STRANGE = ("KUBE", "DOCKER_", "BUILDX_", "BUILDKIT_", "SSH_", "XDG_")
GIT = shutil.which("git")
NUMBERS = itertools.count()

# No example is late on a busy machine; one that fails prints how to repeat it (`print_blob`).
ON_ANY_MACHINE = settings(
    deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("unit", ON_ANY_MACHINE, max_examples=60)
settings.register_profile("fuzz", ON_ANY_MACHINE, max_examples=10_000)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """git with a configuration of our own."""
    path = tmp_path_factory.mktemp("git") / "config"
    path.write_text(GIT_CONFIGURATION)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in os.environ:
            if name.startswith("GIT_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pytest's own counts all folders that there are to number each new one, thousands of times."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}-{next(NUMBERS)}", numbered=False)


@pytest.fixture(autouse=True)
def isolated(git: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing on PATH but git and fakes; no cluster, no configuration; a test that hangs fails."""
    assert GIT, "these tests need git"
    for folder in ("bin", "home", "tmp", "here"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin" / "git").symlink_to(GIT)
    for name in os.environ:
        if name.startswith(STRANGE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", os.devnull)  # an empty value would mean ~/.kube/config
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path / "here")
    kuberc.environment.cache_clear()
    server_path.missing.cache_clear()
    kube_context.pinned.cache_clear()
    handled = (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {one: signal.getsignal(one) for one in handled}
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(PATIENCE * max(1, settings().max_examples // 1000))
    yield
    signal.alarm(0)
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture
def through_sh() -> None:
    """For tests of how programs are started and ended: they are, as the command does it."""


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All other tests start programs more cheaply."""
    if "through_sh" not in request.fixturenames:
        monkeypatch.setattr(command, "sh_command", quick_command)
        monkeypatch.setattr(command, "_signal", quick_signal(command._signal))


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Program]:
    """A fake kubectl on PATH."""
    program = Program(tmp_path / "bin", "kubectl")
    yield program
    program.end()


@pytest.fixture
def cluster(kubectl: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    """A simulated kubectl and its time; in the end no call of it runs.

    What is asked and changed once the loop is closed goes to the fake on PATH.
    """
    kubectl.on("patch", Answer())
    kubectl.on("logs", Answer())
    simulation = Simulation()
    monkeypatch.setattr("kubectl_submit.cluster.kubectl.Stream", simulation.start)
    yield simulation
    assert simulation.running == []


@pytest.fixture
def listener() -> Listener:
    """Whoever sees how a run goes."""
    return Listener()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one waits for in real life may come sooner."""
    monkeypatch.setattr(follow, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(streams, "GATHER_SECONDS", 0.02)


@pytest.fixture
def nothing_is_left(kubectl: Program) -> Iterator[None]:
    """In the end no kubectl runs."""
    yield
    assert kubectl.running == []


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Program]:
    """A fake docker on PATH."""
    program = Program(tmp_path / "bin", "docker")
    yield program
    program.end()


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory, git: None) -> Project:
    files = {"Dockerfile": "FROM busybox\n", "main.py": "print('hello')\n"}
    return pushed(tmp_path_factory.mktemp("original") / "project", files)


@pytest.fixture
def project(original: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository with one commit, pushed to its remote, with us in its root."""
    shutil.copytree(original.root.parent, tmp_path, dirs_exist_ok=True)
    project = Project(tmp_path / "project")
    project.git("remote", "set-url", "origin", str(tmp_path / "origin.remotes" / "project.git"))
    monkeypatch.chdir(project.root)
    return project


def _hangs(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"the test hangs: it took more than {PATIENCE} seconds")
