"""A submit for scripts: detached, tried out, and as a document."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Commands, Repository, tags

EXAMPLE = Path(__file__).parents[2] / "examples" / "sweep"
QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: small}
spec: {hard: {pods: "0"}}
"""


def test_detach(namespace: Namespace, submit: Submit, commands: Commands, busybox: str) -> None:
    flags = ("--detach", "-o", "name", "--context=local")
    command = ("--", "sh", "-c", "sleep 2; echo done; exit 4")

    detached = submit(*flags, f"--image={busybox}", *command)

    job = namespace.job()["metadata"]["name"]
    assert (detached.exit_code, detached.stdout) == (0, f"job/{job}\n")
    see, cancel = (line.split(": ", 1)[1].strip() for line in detached.stderr.splitlines()[-2:])
    assert see == f"kubectl submit logs -f {job} -n {namespace.name} --context=local"
    followed = commands.run(*shlex.split(see))
    assert (followed.exit_code, followed.stdout) == (4, "done\n")
    assert commands.run(*shlex.split(cancel)).exit_code == 0
    assert submit("wait", job).exit_code == 4


def test_a_document_of_a_run_that_was_built(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    commit = repository.commit()

    result = submit("-o", "json", "--", "sh", "-c", "echo out; exit 3", cwd=repository.folder)

    document = json.loads(result.stdout)
    assert (result.exit_code, document["exitCode"], document["state"]) == (3, 3, "Failed")
    assert (document["kind"], document["namespace"]) == ("Run", namespace.name)
    assert (document["commit"], document["dirty"]) == (commit, False)
    assert document["image"].endswith(document["digest"])
    build, *others = document["phases"]
    assert (build["name"], build["seconds"] > 0) == ("build", True)
    assert [phase["name"] for phase in others] == ["queue", "pull", "start", "run"]
    assert [pod["exitCode"] for pod in document["pods"]] == [3]
    assert "\nout\n" in result.stderr


@pytest.mark.parametrize("how", ["client", "server"])
def test_a_dry_run_shows_what_would_be_created(
    repository: Repository, namespace: Namespace, submit: Submit, how: str
) -> None:
    commit = repository.commit()

    tried = submit(f"--dry-run={how}", "--workers=2", "--", "true", cwd=repository.folder)

    assert tried.exit_code == 0, tried.stderr
    assert "nothing is built: " in tried.stderr
    build, job, *services = yaml.safe_load_all(tried.stdout)
    assert build["metadata"]["name"].endswith("-build")
    assert build["metadata"]["labels"] | job["metadata"]["labels"] == build["metadata"]["labels"]
    assert job["spec"]["completions"] == 2
    assert [service["kind"] for service in services] == ["Service", "Service"]
    assert namespace.names("jobs,services") == []
    assert tags(commit) == []


def test_a_dry_run_on_the_server_knows_quota_and_policy(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    namespace.create(QUOTA)

    full = submit("--dry-run=server", f"--image={busybox}", "--", "true")
    here = submit("--dry-run=client", f"--image={busybox}", "-o", "name", "--", "true")
    nobody = submit("--dry-run=server", f"--image={busybox}", "--as=nobody", "--", "true")

    assert (full.exit_code, full.stdout) == (125, "")
    assert "exceeded quota: small" in full.stderr
    assert (here.exit_code, here.stdout.startswith("job/busybox-")) == (0, True)
    assert (nobody.exit_code, "cannot create resource" in nobody.stderr) == (125, True)
    assert namespace.names("jobs,pods") == []


def test_the_script_of_the_examples(
    repository: Repository, namespace: Namespace, submit: Submit, commands: Commands, python: str
) -> None:
    """Three are submitted; one fails, and the rest is cancelled."""
    shutil.copytree(EXAMPLE, repository.folder, dirs_exist_ok=True)
    repository.commit()
    env = {"KUBECTL_SUBMIT_NAMESPACE": namespace.name}

    swept = commands.run("./sweep.sh", f"--build-arg=BASE={python}", cwd=repository.folder, env=env)

    listed = json.loads(submit("list", "-o", "json").stdout)["items"]
    assert (swept.exit_code, swept.stdout) == (3, "")
    assert sorted(run["state"] for run in listed) == ["Cancelled", "Cancelled", "Failed"]
