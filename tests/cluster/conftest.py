"""A namespace for each test, and `kubectl submit` in it."""

from __future__ import annotations

import base64
import functools
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import leftovers
from tests.cluster.claims import Claims
from tests.cluster.gate import Gate
from tests.cluster.order import fastest
from tests.conftest import Commands, Finished, Repository, Running, eventually, local
from tests.patience import KUBECTL_PATIENCE

MANIFESTS = Path(__file__).parents[2] / "manifests"
Object = dict[str, Any]
UNTIL_SIGNED = "until [ -e /tmp/sign ]; do sleep 0.1; done"
"""The end of a command for a shell: it goes on once the test has called `Namespace.sign`."""
WITH_TIME_FOR_CTRL_C = f"""\
#!{sys.executable}
from kubectl_submit import __main__
from kubectl_submit.commands import foreground
assert foreground.CANCEL_WINDOW_SECONDS == 2
foreground.CANCEL_WINDOW_SECONDS = 600
__main__.main()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests in another order."""
    items[:] = fastest(items)


class Namespace:
    """A namespace of the test's own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl here; what it prints."""
        result = subprocess.run(
            ["kubectl", "--namespace", self.name, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def create(self, manifest: str) -> None:
        """Create what stands in a manifest."""
        self.kubectl("create", "--filename=-", stdin=manifest)

    def get(self, kinds: str, selector: str = "") -> list[Object]:
        """The objects of some kinds that are not being deleted, the oldest first."""
        answer = self.kubectl("get", kinds, f"--selector={selector}", "--output=json")
        objects: list[Object] = json.loads(answer)["items"]
        alive = [obj for obj in objects if "deletionTimestamp" not in obj["metadata"]]
        return sorted(alive, key=lambda obj: str(obj["metadata"]["creationTimestamp"]))

    def names(self, kinds: str) -> list[str]:
        """The names of the objects of some kinds that are not being deleted."""
        return [obj["metadata"]["name"] for obj in self.get(kinds)]

    def wait(self, *arguments: str) -> None:
        """Run `kubectl wait`, with patience."""
        self.kubectl("wait", KUBECTL_PATIENCE, *arguments)

    def sign(self, pod: str) -> None:
        """Let a pod go on whose command waits for it with UNTIL_SIGNED."""
        self.kubectl("exec", pod, "--", "touch", "/tmp/sign")

    def await_written(self, last: str) -> None:
        """Wait until the node has a line with this end as the last one of every pod."""
        for pod in self.names("pods"):
            log = ("logs", pod, "--tail=1")
            eventually(lambda: self.kubectl(*log).rstrip("\n").endswith(last), last[-80:])  # noqa: B023

    def sign_after(self, last: str) -> None:
        """Let every pod go on as soon as its last line is this one.

        A busy runtime may lose what a container has written just before its end.
        """
        self.await_written(last)
        for pod in self.names("pods"):
            self.sign(pod)

    def job(self) -> Object:
        """The one Job that runs, or ran, a command."""
        (job,) = (job for job in self.get("jobs") if not job["metadata"]["name"].endswith("-build"))
        return job

    def pod(self) -> Object:
        """The one pod of that Job."""
        (pod,) = self.get("pods", f"batch.kubernetes.io/job-name={self.job()['metadata']['name']}")
        return pod


remove_leftovers_once = functools.cache(leftovers.remove)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """What containers wait at."""
    gate = Gate()
    yield gate
    gate.open()
    gate.close()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """An empty namespace, in a cluster without what killed tests have left."""
    remove_leftovers_once()
    namespace = Namespace(f"test-{uuid.uuid4().hex[:8]}")
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name}}
    namespace.create(json.dumps(leftovers.with_own_label(made)))
    namespace.wait("--for=create", "serviceaccount/default")
    yield namespace
    namespace.kubectl("delete", "namespace", namespace.name, "--wait=false")


@pytest.fixture
def claims(namespace: Namespace) -> Iterator[Claims]:
    """Makes claims of folders of this machine, which is the node."""
    local("LOCAL_PULL_REGISTRY")
    folder = Path("/var/tmp") / f"kubectl-submit-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    made = Claims(namespace, folder)
    yield made
    namespace.kubectl("delete", "jobs", "--all", "--cascade=foreground")
    made.remove()


class Submit:
    """`kubectl submit` in a namespace."""

    def __init__(self, commands: Commands, namespace: str) -> None:
        self._commands = commands
        self._argv = ("kubectl", "submit", f"--namespace={namespace}")

    def __call__(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] = {}
    ) -> Finished:
        """Run it to its end."""
        return self.start(*arguments, cwd=cwd, env=env).finish()

    def start(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] = {}
    ) -> Running:
        """Start it."""
        return self._commands.start(*self._argv, *arguments, cwd=cwd, env=env)


@pytest.fixture
def submit(commands: Commands, namespace: Namespace) -> Submit:
    """`kubectl submit` in the test's namespace."""
    return Submit(commands, namespace.name)


@pytest.fixture
def with_time_for_ctrl_c(tmp_path: Path) -> Mapping[str, str]:
    """The environment in which a second Ctrl-C counts, however busy the machine is."""
    program = tmp_path / "with-time" / "kubectl-submit"
    program.parent.mkdir()
    program.write_text(WITH_TIME_FOR_CTRL_C, encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def own_job(
    folder: Path,
    *,
    spec: Mapping[str, Any] = {},
    pod: Mapping[str, Any] = {},
    container: Mapping[str, Any] = {},
) -> Path:
    """The default Job in a file of one's own, with some fields of it set."""
    job = yaml.safe_load((MANIFESTS / "job.yml").read_text(encoding="utf-8"))
    pod_spec = job["spec"]["template"]["spec"]
    job["spec"] |= spec
    pod_spec |= pod
    pod_spec["containers"][0] |= container
    path = folder / "own-job.yml"
    path.write_text(yaml.safe_dump(job), encoding="utf-8")
    return path


@pytest.fixture
def slow_build(repository: Repository) -> Repository:
    """The user's repository, committed; its build says `slow`, and goes on for long."""
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN echo slow; sleep 300\n")
    repository.commit()
    return repository


def _official_or_local(name: str) -> str:
    registry = os.environ.get("LOCAL_PULL_REGISTRY")
    return f"{registry}/{name}" if registry else name


@pytest.fixture(scope="session")
def busybox() -> str:
    """A small image with a shell."""
    return _official_or_local("busybox:1")


@pytest.fixture(scope="session")
def python() -> str:
    """An image with Python."""
    return _official_or_local("python:3")


@pytest.fixture
def password() -> str:
    """The password of the local cluster's git server and registry."""
    return local("LOCAL_PASSWORD")


@pytest.fixture
def private(repository: Repository, password: str) -> Repository:
    """A repository whose remote asks for a password, which the user has in the URL."""
    repository.url = f"{local('LOCAL_GIT_HTTP')}/{repository.url.split('/')[-1]}"
    secret_url = repository.url.replace("//", f"//{local('LOCAL_USER')}:{password}@")
    repository.git("remote", "set-url", "origin", secret_url)
    return repository


@pytest.fixture
def private_registry() -> Mapping[str, str]:
    """The environment in which images go to the registry that asks for a password."""
    return {
        "KUBECTL_SUBMIT_IMAGE_REPOSITORY": f"{local('LOCAL_PRIVATE_REGISTRY')}/submit",
        "KUBECTL_SUBMIT_PULL_REPOSITORY": f"{local('LOCAL_PRIVATE_PULL_REGISTRY')}/submit",
    }


@pytest.fixture
def docker_login(tmp_path: Path, password: str) -> Mapping[str, str]:
    """The environment in which docker knows the password of that registry."""
    folder = tmp_path / "docker"
    shutil.copytree(local("DOCKER_CONFIG"), folder, symlinks=True)
    auth = base64.b64encode(f"{local('LOCAL_USER')}:{password}".encode()).decode()
    auths = {local("LOCAL_PRIVATE_REGISTRY"): {"auth": auth}}
    (folder / "config.json").write_text(json.dumps({"auths": auths}), encoding="utf-8")
    return {"DOCKER_CONFIG": str(folder)}


def create_git_secret(namespace: Namespace, password: str) -> None:
    """The Secret `git` for a server that asks for a password, as a user makes it."""
    account = (
        f"--from-literal=username={local('LOCAL_USER')}",
        f"--from-literal=password={password}",
    )
    kind = "--type=kubernetes.io/basic-auth"
    namespace.kubectl("create", "secret", "generic", "git", kind, *account)


def create_registry_secret(namespace: Namespace, registry: str, password: str) -> None:
    """The Secret `registry`, as a user makes it."""
    account = (f"--docker-username={local('LOCAL_USER')}", f"--docker-password={password}")
    server = f"--docker-server={registry}"
    namespace.kubectl("create", "secret", "docker-registry", "registry", server, *account)
