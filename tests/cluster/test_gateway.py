"""An API server behind a path, as gateways of many clusters have it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit

PREFIX = "/k8s/clusters/c-1"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment in which the cluster is behind such a path."""
    argv = ["kubectl", "proxy", "--port=0", f"--api-prefix={PREFIX}/"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout
        address = proxy.stdout.readline().split()[-1]  # Starting to serve on 127.0.0.1:34567
        server = {"name": "far", "cluster": {"server": f"http://{address}{PREFIX}"}}
        context = {"name": "far", "context": {"cluster": "far"}}
        kubeconfig = {"clusters": [server], "contexts": [context], "current-context": "far"}
        path = tmp_path / "far.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **kubeconfig}))
        yield {"KUBECONFIG": str(path)}
        proxy.terminate()


@pytest.fixture(params=["", *os.environ.get("KUBECTLS", "").split()])
def kubectl_path(request: pytest.FixtureRequest) -> dict[str, str]:
    """The kubectl of the cluster, and those that KUBECTLS names."""
    return {"KUBECTL_PATH": request.param} if request.param else {}


def test_every_command(
    namespace: Namespace,
    submit: Submit,
    busybox: str,
    gateway: dict[str, str],
    kubectl_path: dict[str, str],
) -> None:
    env = gateway | kubectl_path
    ran = submit(f"--image={busybox}", "--", "sh", "-c", "echo one; exit 3", env=env)
    assert (ran.exit_code, ran.stdout) == (3, "one\n"), ran.stderr
    name = namespace.job()["metadata"]["name"]
    assert submit("logs", "-f", name, env=env).exit_code == 3
    assert "Failed (3)" in submit("list", env=env).stdout
    assert submit("wait", name, env=env).exit_code == 3
    assert submit("cancel", "--delete", name, env=env).exit_code == 0
