"""Several workers: who they are, how they meet, and what happens when one of them fails."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import Repository, local

RENDEZVOUS = Path(__file__).parents[2] / "examples" / "rendezvous"

# Rank 2 waits for a sign, and fails two seconds later; the others would run for very long.
ONE_FAILS = """
trap 'exit 0' TERM
echo "worker $NODE_RANK is here"
if [ "$NODE_RANK" != 2 ]; then sleep 1000 & wait; fi
until [ -e /tmp/sign ]; do sleep 0.1; done
sleep 2
exit 33
"""

NEVER_READY = """
apiVersion: batch/v1
kind: Job
metadata: {name: starting}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: any
        readinessProbe: {exec: {command: ["false"]}}
"""

ONLY_CREATES_SERVICES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: submit}
rules:
- {apiGroups: [batch], resources: [jobs], verbs: [create, get, list, watch, patch, delete]}
- {apiGroups: [""], resources: [pods, events], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods/log], verbs: [get]}
- {apiGroups: [""], resources: [services], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: submit}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: submit}
subjects: [{kind: ServiceAccount, name: default}]
"""

# As programs do at their start: once, and without patience.
LOOK_ONCE = """
import os, socket
print(socket.gethostbyname(os.environ["MASTER_ADDR"]))
"""

# The image has Python, and nothing else that could be started.
NO_SHELL = """
FROM {python}
RUN rm /bin/sh /bin/dash /bin/bash
USER 1000
"""


def test_the_first_failure_ends_the_job(namespace: Namespace, submit: Submit, busybox: str) -> None:
    running = submit.start("--workers=4", f"--image={busybox}", "--", "sh", "-c", ONE_FAILS)
    for rank in range(4):
        running.wait_for(f"[{rank}] worker {rank} is here\n")
    job = namespace.job()["metadata"]["name"]
    (failing,) = namespace.get("pods", "batch.kubernetes.io/job-completion-index=2")

    namespace.sign(failing["metadata"]["name"])
    result = running.finish()

    assert result.exit_code == 33
    assert sorted(result.stdout.splitlines()) == [f"[{n}] worker {n} is here" for n in range(4)]
    assert result.stderr.endswith(f"job/{job}: worker 2 exited 33\n")


def test_what_every_worker_knows(namespace: Namespace, submit: Submit, busybox: str) -> None:
    local("LOCAL_REGISTRY")  # that cluster has GPUs
    show = 'echo "$NODE_RANK of $NNODES: $MASTER_ADDR:$MASTER_PORT, $GPUS_PER_NODE GPU"; env'

    result = submit("--workers=2", "--gpus=1", f"--image={busybox}", "--", "sh", "-c", show)

    assert result.exit_code == 0
    job = namespace.job()["metadata"]["name"]
    lines = result.stdout.splitlines()
    for rank in (0, 1):
        assert f"[{rank}] {rank} of 2: {job}-0:29500, 1 GPU" in lines
    variables = {re.sub(r"^\[\d\] |=.*", "", line) for line in lines}
    assert variables.isdisjoint({"RANK", "WORLD_SIZE", "LOCAL_RANK"})


def test_a_single_worker_has_no_prefix(submit: Submit, busybox: str) -> None:
    show = 'echo "$NODE_RANK of $NNODES: $MASTER_ADDR:$MASTER_PORT, $GPUS_PER_NODE GPUs"'

    result = submit(f"--image={busybox}", "--", "sh", "-c", show)

    assert (result.exit_code, result.stdout) == (0, "0 of 1: localhost:29500, 0 GPUs\n")


# `LOOKS=50` repeats it so often.
LOOKS = int(os.environ.get("LOOKS", "5"))


@pytest.mark.parametrize("number", range(LOOKS))
def test_every_worker_resolves_the_first_at_once(
    namespace: Namespace, submit: Submit, python: str, tmp_path: Path, number: int
) -> None:
    """They meet before they are ready for anything else."""
    manifest = tmp_path / "job.yml"
    manifest.write_text(NEVER_READY)
    flags = (f"--manifest={manifest}", "--workers=3", f"--image={python}")

    result = submit(*flags, "--", "python", "-c", LOOK_ONCE)

    assert result.exit_code == 0, result.stderr
    (first,) = namespace.get("pods", "batch.kubernetes.io/job-completion-index=0")
    job = namespace.job()["metadata"]["name"]
    (service,) = (one for one in namespace.get("services") if one["metadata"]["name"] == f"{job}-0")
    own, others = first["status"]["podIP"], service["spec"]["clusterIP"]
    assert sorted(result.stdout.splitlines()) == [f"[0] {own}", f"[1] {others}", f"[2] {others}"]


def test_workers_meet_on_the_network_of_the_nodes(
    submit: Submit, python: str, tmp_path: Path
) -> None:
    """As for InfiniBand: Kubernetes gives such pods the DNS of their node, unless it is told."""
    own = own_job(tmp_path, pod={"hostNetwork": True})
    flags = ("--workers=2", f"--manifest={own}", f"--image={python}")

    result = submit(*flags, "--", "python", "-c", LOOK_ONCE)

    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2), result.stderr


def test_a_scheduler_that_is_not_there(submit: Submit, busybox: str, tmp_path: Path) -> None:
    own = own_job(tmp_path, pod={"schedulerName": "volcano"})

    result = submit(
        f"--manifest={own}", "--pending-timeout=10s", f"--image={busybox}", "--", "true"
    )

    assert result.exit_code == 124
    assert result.stderr.endswith("\nthe scheduler volcano has not looked at it yet\n")


def test_workers_meet_without_a_shell_in_a_restricted_namespace(
    repository: Repository, namespace: Namespace, submit: Submit, python: str
) -> None:
    level = "pod-security.kubernetes.io/enforce=restricted"
    namespace.kubectl("label", "namespace", namespace.name, level)
    shutil.copytree(RENDEZVOUS, repository.folder, dirs_exist_ok=True)
    repository.write("look.py", f"{LOOK_ONCE}\nimport rendezvous\nrendezvous.main()\n")
    repository.write("Dockerfile", f"{NO_SHELL.format(python=python)}\nCOPY *.py /app/\n")
    repository.commit()
    flags = ("--build=local", "--workers=2", "--no-prefix")

    result = submit(*flags, "--", "python", "/app/look.py", "40", "2", cwd=repository.folder)

    assert result.exit_code == 0, result.stderr
    assert "worker 1 brought 2, the sum is 42" in result.stdout


def test_a_worker_that_comes_late_finds_the_first(
    namespace: Namespace, submit: Submit, python: str, tmp_path: Path
) -> None:
    """Where there is no room for all at once, the first one has ended by then."""
    own = own_job(tmp_path, spec={"completions": 2, "parallelism": 1})

    result = submit(f"--manifest={own}", f"--image={python}", "--", "python", "-c", LOOK_ONCE)

    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_who_may_only_create_services_has_a_run_of_several_workers(
    namespace: Namespace, submit: Submit, busybox: str
) -> None:
    namespace.create(ONLY_CREATES_SERVICES)
    researcher = f"--as=system:serviceaccount:{namespace.name}:default"

    result = submit(researcher, "--workers=2", f"--image={busybox}", "--", "true")

    assert result.exit_code == 0, result.stderr
    job = namespace.job()
    for service in namespace.get("services"):
        assert service["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]


def test_a_rendezvous_over_sockets(repository: Repository, submit: Submit, python: str) -> None:
    shutil.copytree(RENDEZVOUS, repository.folder, dirs_exist_ok=True)
    repository.commit()

    result = submit(
        "--build=local",
        f"--build-arg=BASE={python}",
        "--workers=2",
        *("--", "python", "rendezvous.py", "40", "2"),
        cwd=repository.folder,
    )

    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == [
        "[0] worker 0 brought 40, the sum is 42",
        "[1] worker 1 brought 2, the sum is 42",
    ]


def test_the_service_goes_with_its_job(namespace: Namespace, submit: Submit, busybox: str) -> None:
    assert submit("--workers=2", f"--image={busybox}", "--", "true").exit_code == 0
    job = namespace.job()["metadata"]["name"]
    assert sorted(namespace.names("services")) == [job, f"{job}-0"]

    namespace.kubectl("delete", "job", job)

    namespace.wait("--for=delete", f"service/{job}", f"service/{job}-0")


def test_python_writes_each_line_at_once(submit: Submit, python: str) -> None:
    """Nothing is flushed, and a kill flushes nothing either."""
    dies = "import os; print('first'); os.kill(os.getpid(), 9)"
    shell = ("sh", "-c", 'exec 2>/dev/null; python -c "$0"; echo "$?"', dies)

    assert submit(f"--image={python}", "--", *shell).stdout == "first\n137\n"
    kept = submit("--env=PYTHONUNBUFFERED=", f"--image={python}", "--", *shell)
    assert kept.stdout == "137\n"


def test_shared_memory(submit: Submit, busybox: str, tmp_path: Path) -> None:
    """64 MiB are not enough for a data loader."""
    write = "dd if=/dev/zero of=/dev/shm/x bs=1M count=70 2>&1 && df -m /dev/shm | tail -n 1"
    flags = ("--memory=200Mi", f"--image={busybox}")

    result = submit(*flags, "--", "sh", "-c", write)

    assert result.exit_code == 0, result.stdout
    assert re.search(r"tmpfs +200 +70 ", result.stdout)

    own = own_job(
        tmp_path,
        pod={"volumes": [{"name": "x", "emptyDir": {"medium": "Memory", "sizeLimit": "80Mi"}}]},
        container={"volumeMounts": [{"name": "x", "mountPath": "/dev/shm"}]},
    )
    result = submit(f"--manifest={own}", *flags, "--", "sh", "-c", write)
    assert re.search(r"tmpfs +80 +70 ", result.stdout)


def test_too_much_shared_memory_counts_as_memory(submit: Submit, busybox: str) -> None:
    write = "dd if=/dev/zero of=/dev/shm/x bs=1M count=200"
    result = submit("--memory=64Mi", f"--image={busybox}", "--", "sh", "-c", write)
    assert result.exit_code != 0


@pytest.mark.parametrize(("flags", "said"), [((), "a b\n"), (("--keep-entrypoint",), "+ a b\n")])
def test_the_entrypoint_of_the_image(
    repository: Repository, submit: Submit, busybox: str, flags: tuple[str, ...], said: str
) -> None:
    entrypoint = """["sh", "-c", "printf '+ '; exec \\"$@\\"", "entrypoint"]"""
    repository.write("Dockerfile", f"FROM {busybox}\nENTRYPOINT {entrypoint}\n")
    repository.commit()

    result = submit("--build=local", *flags, "--", "echo", "a b", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (0, said)


def test_autoscalers_let_the_pods_of_build_and_run_alone(
    repository: Repository, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    repository.write("Dockerfile", f"FROM {busybox}\n")
    repository.commit()

    assert submit("--", "true", cwd=repository.folder).exit_code == 0

    pods = namespace.get("pods")
    assert len(pods) == 2
    for pod in pods:
        annotations = pod["metadata"]["annotations"]
        assert annotations["karpenter.sh/do-not-disrupt"] == "true"
        assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
