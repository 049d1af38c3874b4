"""Connections to the cluster that are cut every few seconds."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.counting import FAULTLESS, check, count
from tests.cluster.cutting_forwarder import CuttingForwarder
from tests.cluster.gate import Gate
from tests.conftest import eventually, local

LINES = 5001
CUTS = 8
"""At least so many, while the command writes its lines."""
# How many ways to cut are tried; each is repeatable by its number.
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))


def through(forwarder: CuttingForwarder, kubeconfig: Path) -> str:
    """A copy of the kubeconfig that goes through the forwarder."""
    configuration = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    for cluster in configuration["clusters"]:
        cluster["cluster"]["server"] = f"https://127.0.0.1:{forwarder.port}"
    kubeconfig.write_text(yaml.safe_dump(configuration))
    return str(kubeconfig)


def server() -> tuple[str, int]:
    """The API server's address; its certificate is also good for 127.0.0.1."""
    local("LOCAL_GIT")
    configuration = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    url = urlsplit(configuration["clusters"][0]["cluster"]["server"])
    assert url.hostname
    assert url.port
    return url.hostname, url.port


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_each_line_arrives_once(
    seed: int, workers: int, submit: Submit, busybox: str, tmp_path: Path, gate: Gate
) -> None:
    with CuttingForwarder(server(), seed, (0.5, 3)) as forwarder:
        env = {"KUBECONFIG": through(forwarder, tmp_path / "kubeconfig")}
        flags = (f"--workers={workers}", f"--image={busybox}", "--prefix", "--")
        counting = count(LINES, halfway=f"{{ {gate.wait}; }} 2>/dev/null")
        running = submit.start(*flags, *counting, env=env)
        running.wait_for("line 0\n")  # as long as there is no job, a cut is an error
        forwarder.cut()
        eventually(lambda: forwarder.cuts > CUTS, "many cuts")
        gate.open()
        result = running.finish()
    assert check(result.stdout, workers=workers, lines=LINES) == FAULTLESS
    assert result.exit_code == 0
    assert "missing" not in result.stderr


def test_a_job_deleted_while_there_is_no_contact_is_missed(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    with CuttingForwarder(server()) as forwarder:
        env = {"KUBECONFIG": through(forwarder, tmp_path / "kubeconfig")}
        running = submit.start(
            f"--image={busybox}", "--", "sh", "-c", "echo here; sleep 600", env=env
        )
        running.wait_for("here\n")
        forwarder.block()
        namespace.kubectl(
            "delete", "job", namespace.job()["metadata"]["name"], "--cascade=foreground"
        )
        forwarder.unblock()
        result = running.finish()
    assert result.exit_code == 125
    assert "was deleted" in result.stderr


def test_contact_that_is_lost_for_good_ends_it(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    with CuttingForwarder(server()) as forwarder:
        env = {"KUBECONFIG": through(forwarder, tmp_path / "kubeconfig")}
        command = ("--", "sh", "-c", "echo here; sleep 600")
        running = submit.start(f"--image={busybox}", "--contact-timeout=3s", *command, env=env)
        running.wait_for("here\n")
        forwarder.block()
        result = running.finish()
    name = namespace.job()["metadata"]["name"]
    assert result.exit_code == 125
    assert "lost contact with the cluster" in result.stderr
    assert f"kubectl submit logs -f {name} -n {namespace.name}" in result.stderr
