"""Builds where the cluster counts what they use, makes them wait, or is slow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import MANIFESTS, UNTIL_SIGNED, Namespace, Submit
from tests.conftest import Repository, eventually


def own_build(
    folder: Path,
    *,
    spec: Mapping[str, Any] = {},
    pod: Mapping[str, Any] = {},
    buildkit: Mapping[str, Any] = {},
) -> str:
    """The flag for the default build Job, with some fields of it set."""
    job = yaml.safe_load((MANIFESTS / "build-remote.yml").read_text(encoding="utf-8"))
    job["spec"] |= spec
    job["spec"]["template"]["spec"] |= pod
    job["spec"]["template"]["spec"]["initContainers"][0] |= buildkit
    path = folder / "own-build.yml"
    path.write_text(yaml.safe_dump(job), encoding="utf-8")
    return f"--build-manifest={path}"


def test_a_quota_that_counts_memory(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    hard = "--hard=limits.memory=4Gi,limits.cpu=8,requests.memory=4Gi"
    namespace.kubectl("create", "quota", "memory", hard)
    run = ("--cpu=100m", "--memory=64Mi", "--", "echo", "hello")

    refused = submit(*run, cwd=repository.folder)
    assert refused.exit_code == 125
    assert "must specify limits" in refused.stderr
    assert "--build-memory" in refused.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")

    result = submit("--build-cpu=1", "--build-memory=1Gi", *run, cwd=repository.folder)
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr


def test_a_quota_of_one_job(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    repository.commit()
    namespace.kubectl("create", "quota", "jobs", "--hard=count/jobs.batch=1")

    result = submit("--", "echo", "hello", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert "-build was deleted: the quota on Jobs has no room for both" in result.stderr
    assert namespace.names("jobs") == [namespace.job()["metadata"]["name"]]


def test_a_build_that_something_suspends(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """As Kueue does (`manageJobsWithoutQueueName`) with Jobs that are in no queue."""
    repository.commit()
    suspended = own_build(tmp_path, spec={"suspend": True})

    running = submit.start(suspended, "--", "echo", "hello", cwd=repository.folder)
    running.wait_for("the build is suspended: if jobs need a queue here, say --queue NAME")
    assert "Queued" in submit("list").stdout
    [build] = namespace.names("jobs")
    resume = '{"spec": {"suspend": false}}'
    namespace.kubectl("patch", "job", build, "--type=merge", f"--patch={resume}")
    result = running.finish()

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr


@pytest.mark.waits
def test_a_buildkit_that_is_slow_to_start(
    repository: Repository, submit: Submit, tmp_path: Path
) -> None:
    """As on a busy node: it takes longer than the probe allowed that there was."""
    repository.commit()
    start = "sleep 70; exec rootlesskit buildkitd --oci-worker-no-process-sandbox --addr $0"
    socket = "unix:///run/user/1000/buildkit/buildkitd.sock"
    slow = own_build(tmp_path, buildkit={"command": ["sh", "-c", start, socket], "args": []})

    result = submit(slow, "--", "echo", "hello", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr


def test_a_buildkit_that_does_not_end(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """The run begins as soon as the image is pushed, while the build's Job goes on."""
    repository.commit()
    start = "trap '' TERM; rootlesskit buildkitd --oci-worker-no-process-sandbox --addr $0 & "
    socket = "unix:///run/user/1000/buildkit/buildkitd.sock"
    stubborn = {"command": ["sh", "-c", f"{start}{UNTIL_SIGNED}", socket], "args": []}
    build = own_build(tmp_path, pod={"terminationGracePeriodSeconds": 3600}, buildkit=stubborn)

    result = submit(build, "--", "echo", "hello", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    [job] = [one for one in namespace.get("jobs") if one["metadata"]["name"].endswith("-build")]
    assert job["status"]["active"] == 1
    [pod] = namespace.get("pods", f"batch.kubernetes.io/job-name={job['metadata']['name']}")
    namespace.kubectl("exec", pod["metadata"]["name"], "-c=buildkit", "--", "touch", "/tmp/sign")


def test_a_buildkit_that_cannot_start(
    repository: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    repository.commit()
    failing = own_build(tmp_path, buildkit={"command": ["sh", "-c", "exit 7"], "args": []})

    result = submit(failing, "--", "true", cwd=repository.folder)

    assert result.exit_code == 125
    assert "the container buildkit exits 7 each time it starts" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


SMALL_BY_DEFAULT = """
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, default: {memory: 128Mi}, defaultRequest: {memory: 64Mi}}]}
"""


def test_default_limits_that_are_smaller_than_what_a_build_asks_for(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    repository.commit()
    namespace.create(SMALL_BY_DEFAULT)

    result = submit("--", "true", cwd=repository.folder)

    assert result.exit_code == 125
    assert "must be less than or equal to memory limit of 128Mi" in result.stderr
    remedy = "Say how much the build may use: --build-cpu, --build-memory.\n"
    assert result.stderr.endswith(remedy)
    given = submit("--build-memory=512Mi", "--", "echo", "hello", cwd=repository.folder)
    assert (given.exit_code, given.stdout) == (0, "hello\n"), given.stderr
