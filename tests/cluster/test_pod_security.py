"""Namespaces that enforce one of the Pod Security Standards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import Repository, eventually


def enforce(namespace: Namespace, level: str) -> None:
    """Let the namespace refuse every pod that is not of this level."""
    label = f"pod-security.kubernetes.io/enforce={level}"
    namespace.kubectl("label", "namespace", namespace.name, label)


@pytest.fixture
def without_root(repository: Repository) -> Repository:
    """A repository whose image does not run as root."""
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}USER 1000\n")
    repository.commit()
    return repository


def test_a_run_in_a_restricted_namespace(
    without_root: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """With a file that is carried, several workers and shared memory: the image allows it."""
    enforce(namespace, "restricted")
    (tmp_path / "key").write_text("of mine\n")
    carried = f"--secret-file={tmp_path}/key"
    flags = ("--build=local", "--workers=2", "--cpu=50m", carried)
    show = "id -u; cat /run/secrets/key; exit 3"

    result = submit(*flags, "--", "sh", "-c", show, cwd=without_root.folder)

    assert result.exit_code == 3, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("[0] ")]
    assert lines == ["[0] 1000", "[0] of mine"]


def test_an_image_that_runs_as_root_in_a_restricted_namespace(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    enforce(namespace, "restricted")

    result = submit(f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "container has runAsNonRoot and image will run as root" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_run_in_a_baseline_namespace(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    enforce(namespace, "baseline")

    result = submit("--build=local", "--", "id", "-u", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "0\n")


def test_a_build_in_a_baseline_namespace(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    """A rootless BuildKit needs what it forbids; the way out is said."""
    repository.commit()
    enforce(namespace, "baseline")

    result = submit("--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert 'violates PodSecurity "baseline' in result.stderr
    assert "--build local" in result.stderr
    assert namespace.names("jobs,pods") == []


def test_a_pod_that_asks_for_more(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """What the user's own manifest says is not taken back; the cluster refuses it."""
    enforce(namespace, "restricted")
    manifest = own_job(
        tmp_path, container={"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}
    )

    result = submit(f"--image={busybox}", f"--manifest={manifest}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "error: the cluster refuses to create the pod\n" in result.stderr
    assert 'violates PodSecurity "restricted' in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
