"""What the tests with real programs share: a repository with a remote, and commands that run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import hostile_kubectl
from tests.patience import PATIENCE
from tests.working_copy import run_git, write_file, write_hook

# Each worker and each program that a test starts would else compile every module again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Where the tests run in the background of a shell, Ctrl-C is ignored, and by all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # … and this one by nohup


def local(setting: str) -> str:
    """A setting of the local cluster; on another cluster the test that needs it is skipped."""
    if not os.environ.get(setting):
        pytest.skip(f"needs {setting}, a part of the local cluster")
    return os.environ[setting]


def tags(
    commit: str, repository: str = "", environment: Mapping[str, str] | None = None
) -> list[str]:
    """The tags that a commit has in the registry, or that begin like this."""
    name = repository or local("KUBECTL_SUBMIT_IMAGE_REPOSITORY")
    result = subprocess.run(
        ["crane", "ls", name], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0 or "NAME_UNKNOWN" in result.stderr, result.stderr
    return sorted(tag for tag in result.stdout.split() if tag.startswith(commit))


def eventually(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:g} s still not: {what}"
        time.sleep(pause)
        pause = min(1.5 * pause, 0.25)  # a busy machine has better things to do than to answer us


class Repository:
    """A working copy with a remote on the git server, at first with a Dockerfile and no commit."""

    def __init__(self, folder: Path, url: str, dockerfile: str) -> None:
        self.folder = folder
        self.url = url
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self.git("remote", "add", "origin", url)
        self.write("Dockerfile", dockerfile)

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """Run git; what it prints."""
        return run_git(arguments, folder or self.folder, {"GIT_CONFIG_GLOBAL": os.devnull})

    def write(self, name: str, content: str, *, executable: bool = False) -> None:
        """Write a file of the working copy."""
        write_file(self.folder / name, content, 0o755 if executable else 0o644)

    def commit(self) -> str:
        """Commit everything and push it; the commit, which no other test has."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"unique: {uuid.uuid4()}")
        self.git("push", "--quiet", "--set-upstream", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def make_repository(tmp_path: Path) -> Iterator[Callable[[str], Repository]]:
    """Makes repositories on the local git server, where they live as long as the test."""
    made: list[Path] = []

    def make(name: str) -> Repository:
        unique = f"{name}-{uuid.uuid4().hex[:8]}.git"
        made.append(Path(local("LOCAL_GIT_ROOT")) / unique)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", made[-1]], check=True
        )
        busybox = f"{local('LOCAL_PULL_REGISTRY')}/busybox:1"
        dockerfile = f"FROM {busybox}\nWORKDIR /app\nCOPY . .\n"
        return Repository(tmp_path / name, f"{local('LOCAL_GIT')}/{unique}", dockerfile)

    yield make
    for bare in made:
        shutil.rmtree(bare)


@pytest.fixture
def repository(make_repository: Callable[[str], Repository]) -> Repository:
    """The user's repository."""
    return make_repository("app")


def bare(repository: Repository) -> Path:
    """Where the server has a repository."""
    return Path(local("LOCAL_GIT_ROOT")) / repository.url.rsplit("/", 1)[1]


def update_hook(repository: Repository, script: str) -> None:
    """Give the remote a hook that every push of a ref passes: its name is $1."""
    write_hook(bare(repository), "update", script)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a command left behind."""

    exit_code: int
    output: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        """The output, where it is text."""
        return self.output.decode()


class Running:
    """A command that runs with a folder of its own, in which it finds its temporary folder.

    When it ends, neither a file in the temporary folder nor a process may be left.
    """

    def __init__(self, argv: list[str], folder: Path, cwd: Path, env: Mapping[str, str]) -> None:
        self._temporary = folder / "tmp"
        self._temporary.mkdir(parents=True)
        self._strangers: set[int] = set()
        self._stdout = folder / "stdout"
        self._stderr = folder / "stderr"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                argv,
                cwd=cwd,
                env={
                    **os.environ,
                    "GIT_CONFIG_GLOBAL": os.devnull,
                    "TMPDIR": str(self._temporary),
                    "XDG_CACHE_HOME": str(folder.parent / "cache"),
                    **env,
                },
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,  # a process group, as a shell makes one for each command
            )

    @property
    def ended(self) -> bool:
        """Whether it has ended, whatever it left."""
        return self._process.poll() is not None

    def wait_for(self, text: str) -> None:
        """Wait until it has printed something, on either stream."""

        def printed() -> bool:
            ended = self.ended  # asked first: what it has written by its end is there to be read
            found = text.encode() in self._stdout.read_bytes() + self._stderr.read_bytes()
            assert found or not ended, f"ended without {text!r}: {self._errors()}"
            return found

        eventually(printed, f"printed {text!r}")

    def press_ctrl_c(self) -> None:
        """Do what a terminal does: interrupt the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Signal the command alone, as a CI runner or a terminal that is closed does."""
        os.kill(self._process.pid, number)

    def finish(self) -> Finished:
        """Wait for its end, and check that nothing is left of it here."""
        try:
            exit_code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"does not end: {self._errors()}") from None
        self._strangers.clear()
        assert self.processes() == []
        assert list(self._temporary.iterdir()) == []
        return Finished(
            exit_code=exit_code, output=self._stdout.read_bytes(), stderr=self._errors()
        )

    def kill(self) -> None:
        """End it, if a test has failed to."""
        self._strangers.clear()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def processes(self) -> list[int]:
        """It and its descendants: all that inherited its TMPDIR. Others are looked at only once."""
        mark = f"TMPDIR={self._temporary}".encode()
        found = []
        for number in map(int, filter(str.isdigit, os.listdir("/proc"))):
            if number in self._strangers:
                continue
            with contextlib.suppress(OSError):
                environment = Path(f"/proc/{number}/environ").read_bytes()
                if mark in environment.split(b"\0"):
                    found.append(number)
                elif environment:  # it is empty for a moment while another program is started
                    self._strangers.add(number)
        return found

    def _errors(self) -> str:
        return self._stderr.read_text(encoding="utf-8")


class Commands:
    """Starts commands outside of any repository, unless a test says where."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = {}) -> None:
        self._folder = folder
        self._environment = environment
        self._running: list[Running] = []

    def start(self, *argv: str, cwd: Path | None = None, env: Mapping[str, str] = {}) -> Running:
        """Start a command."""
        folder = self._folder / f"command-{len(self._running)}"
        nowhere = folder / "nowhere"
        nowhere.mkdir(parents=True)
        environment = {**self._environment, **env}
        self._running.append(Running(list(argv), folder, cwd or nowhere, environment))
        return self._running[-1]

    def run(self, *argv: str, cwd: Path | None = None, env: Mapping[str, str] = {}) -> Finished:
        """Run a command to its end."""
        return self.start(*argv, cwd=cwd, env=env).finish()

    def kill_all(self) -> None:
        """End what a failed test left."""
        for running in self._running:
            running.kill()


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Runs commands, and ends those that the test leaves running.

    With HOSTILE_KUBECTL=yes they run in the set-up of hostile_kubectl.py.
    """
    hostile = os.environ.get("HOSTILE_KUBECTL") == "yes"
    environment = hostile_kubectl.environment(tmp_path / "hostile") if hostile else {}
    commands = Commands(tmp_path, environment)
    yield commands
    commands.kill_all()
