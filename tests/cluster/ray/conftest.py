"""Ray in pods, and KubeRay; the summary says which versions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.conftest import Namespace, Object, Submit, _official_or_local
from tests.conftest import Running, eventually


def pytest_report_header() -> str:
    """The versions, where it is the local cluster."""
    kuberay = os.environ.get("LOCAL_KUBERAY") or "of the cluster"
    return f"KubeRay: {kuberay}, Ray: {ray_version()}"


def ray_version() -> str:
    """The version of Ray in the image."""
    return os.environ.get("LOCAL_RAY", "2.60.0")


@pytest.fixture(scope="session")
def ray() -> str:
    """An image with Ray."""
    version = ray_version()
    local = os.environ.get("LOCAL_PULL_REGISTRY")
    return _official_or_local(f"ray:{version}") if local else f"rayproject/ray:{version}"


class Rays:
    """What the cluster has of the one RayJob of a test."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace

    @property
    def job(self) -> Object:
        """The RayJob."""
        (found,) = self.namespace.get("rayjobs")
        return found

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.job["metadata"]["name"])

    def pods(self, role: str) -> list[str]:
        """The names of the pods that are not being deleted: `head`, `worker` or `submitter`."""
        selector = f"job-name={self.name}" if role == "submitter" else f"ray.io/node-type={role}"
        return [pod["metadata"]["name"] for pod in self.namespace.get("pods", selector)]

    def on_the_head(self, *argv: str) -> str:
        """Run something where the command runs."""
        (head,) = self.pods("head")
        return self.namespace.kubectl("exec", head, "--container=ray-head", "--", *argv)

    def let_it_end(self, running: Running) -> Any:
        """Create the file that WAITING waits for; what was followed."""
        self.on_the_head("touch", "/tmp/sign")
        return running.finish()


# Says so when it begins, waits for a sign, and goes on.
WAITING = "until [ -e /tmp/sign ]; do sleep 0.1; done"


@pytest.fixture
def rays(namespace: Namespace) -> Rays:
    """The test's own."""
    return Rays(namespace)


Start = Callable[..., Running]


@pytest.fixture
def start(submit: Submit, ray: str) -> Start:
    """Starts a submit to Ray of a shell's line."""

    def begin(line: str, *flags: str) -> Running:
        own = ("--execution=ray", f"--image={ray}", *flags)
        return submit.start(*own, "--", "bash", "-c", line)

    return begin


__all__ = ["WAITING", "Rays", "Start", "eventually", "ray_version"]
