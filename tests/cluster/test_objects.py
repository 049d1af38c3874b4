"""What a job is made of: where it comes from, what it gets, and how long it stays."""

from __future__ import annotations

import subprocess

from tests.cluster.conftest import UNTIL_SIGNED, Namespace, Submit
from tests.conftest import Repository, local

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


def test_where_it_comes_from(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    commit = repository.commit()
    show = "env | grep ^KUBECTL_SUBMIT_ | sort"

    result = submit("--build=local", "--", "sh", "-c", show, cwd=repository.folder)

    assert result.exit_code == 0
    job, pod = namespace.job(), namespace.pod()
    name = job["metadata"]["name"]
    image = pod["spec"]["containers"][0]["image"]
    assert name.startswith(f"{repository.url.split('/')[-1].removesuffix('.git')}-{commit[:7]}-")
    assert image.startswith(f"{local('KUBECTL_SUBMIT_PULL_REPOSITORY')}@sha256:")
    assert result.stdout.splitlines() == [
        "KUBECTL_SUBMIT_BRANCH=main",
        f"KUBECTL_SUBMIT_COMMIT={commit}",
        "KUBECTL_SUBMIT_CREATED_BY=ada@example.org",
        "KUBECTL_SUBMIT_DIRTY=false",
        f"KUBECTL_SUBMIT_NAME={name}",
        f"KUBECTL_SUBMIT_REMOTE={repository.url}",
    ]
    for metadata in (job["metadata"], pod["metadata"]):
        assert (
            metadata["labels"].items()
            >= {
                "app.kubernetes.io/managed-by": "kubectl-submit",
                "kubectl-submit/branch": "main",
                "kubectl-submit/commit": commit,
                "kubectl-submit/created-by": "ada-example.org",
                "kubectl-submit/dirty": "false",
                "kubectl-submit/name": name,
            }.items()
        )
        assert (
            metadata["annotations"].items()
            >= {
                "kubectl-submit/command": f'["sh", "-c", "{show}"]',
                "kubectl-submit/created-by": "ada@example.org",
                "kubectl-submit/image": image,
                "kubectl-submit/remote": repository.url,
            }.items()
        )


def test_a_tag_becomes_its_digest(namespace: Namespace, submit: Submit, busybox: str) -> None:
    here = f"{local('LOCAL_REGISTRY')}/busybox:1"
    asked = subprocess.run(["crane", "digest", here], check=True, capture_output=True, text=True)
    reference = f"{busybox.removesuffix(':1')}@{asked.stdout.strip()}"

    result = submit(f"--image={busybox}", "--", "echo", "hello")

    assert (result.exit_code, result.stdout) == (0, "hello\n")
    assert namespace.pod()["spec"]["containers"][0]["image"] == reference
    assert f" runs {reference}\n" in result.stderr


def test_its_resources(namespace: Namespace, submit: Submit, busybox: str) -> None:
    local("LOCAL_REGISTRY")  # that cluster has GPUs
    fill = "dd if=/dev/zero of=/dev/shm/large bs=1M count=100 && ls -l /dev/shm"
    sizes = ("--gpus=1", "--cpu=100m", "--memory=256Mi")

    result = submit(*sizes, f"--image={busybox}", "--", "sh", "-c", fill)

    assert result.exit_code == 0
    assert " 104857600 " in result.stdout
    resources = namespace.pod()["spec"]["containers"][0]["resources"]
    amounts = {"cpu": "100m", "memory": "256Mi", "nvidia.com/gpu": "1"}
    assert resources == {"limits": amounts, "requests": amounts}


def test_its_name_and_how_long_it_stays(namespace: Namespace, submit: Submit, busybox: str) -> None:
    command = ("--", "sh", "-c", f"echo ready; {UNTIL_SIGNED}")
    running = submit.start("--name=trainer", "--ttl=3s", f"--image={busybox}", *command)
    running.wait_for("ready\n")
    (job,) = namespace.get("jobs")
    assert job["metadata"]["name"].startswith("trainer-")
    assert job["spec"]["ttlSecondsAfterFinished"] == 3

    namespace.sign(namespace.pod()["metadata"]["name"])

    assert running.finish().exit_code == 0
    namespace.wait("--for=delete", f"job/{job['metadata']['name']}")


def test_secrets_are_read_only(namespace: Namespace, submit: Submit, busybox: str) -> None:
    namespace.kubectl("create", "secret", "generic", "database", "--from-literal=password=abc")
    namespace.kubectl("create", "secret", "generic", "wandb", "--from-literal=key=xyz")
    secrets = ("--secret=database", "--secret=wandb:/etc/wandb")
    show = """
    cat /run/secrets/database/password; echo
    cat /etc/wandb/key; echo
    echo changed 2>&1 > /etc/wandb/key || echo read-only
    """

    result = submit(*secrets, f"--image={busybox}", "--", "sh", "-c", show)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == ["abc", "xyz"]
    assert "Read-only file system" in result.stdout
    assert result.stdout.endswith("read-only\n")


def test_a_service_account(namespace: Namespace, submit: Submit, busybox: str) -> None:
    namespace.kubectl("create", "serviceaccount", "trainer")
    token = f"test -s {TOKEN} && echo a token || echo no token"
    command = (f"--image={busybox}", "--", "sh", "-c", token)

    result = submit("--service-account=trainer", *command)

    assert (result.exit_code, result.stdout) == (0, "a token\n")
    assert namespace.pod()["spec"]["serviceAccountName"] == "trainer"


def test_no_service_account(namespace: Namespace, submit: Submit, busybox: str) -> None:
    token = f"test -s {TOKEN} && echo a token || echo no token"

    result = submit(f"--image={busybox}", "--", "sh", "-c", token)

    assert (result.exit_code, result.stdout) == (0, "no token\n")
