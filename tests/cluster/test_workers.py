"""Several workers: who they are, how they meet, and what happens when one of them fails."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.cluster.conftest import Namespace, Submit
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

# A name is known soon after its pod has an address, but not at once.
RESOLVE = """
import os, socket, time
for _ in range(300):
    try:
        address = socket.gethostbyname(os.environ["MASTER_ADDR"])
        break
    except OSError:
        time.sleep(0.2)
print(address)
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
    assert result.stderr.endswith(f"job/{job}: worker 2 exited 33; 3 others stopped\n")


def test_what_every_worker_knows(namespace: Namespace, submit: Submit, busybox: str) -> None:
    local("LOCAL_REGISTRY")  # that cluster has GPUs
    show = 'echo "$NODE_RANK of $NNODES: $MASTER_ADDR:$MASTER_PORT, $GPUS_PER_NODE GPU"; env'

    result = submit("--workers=2", "--gpus=1", f"--image={busybox}", "--", "sh", "-c", show)

    assert result.exit_code == 0
    job = namespace.job()["metadata"]["name"]
    lines = result.stdout.splitlines()
    for rank in (0, 1):
        assert f"[{rank}] {rank} of 2: {job}-0.{job}:29500, 1 GPU" in lines
    variables = {re.sub(r"^\[\d\] |=.*", "", line) for line in lines}
    assert variables.isdisjoint({"RANK", "WORLD_SIZE", "LOCAL_RANK"})


def test_a_single_worker_has_no_prefix(submit: Submit, busybox: str) -> None:
    show = 'echo "$NODE_RANK of $NNODES: $MASTER_ADDR:$MASTER_PORT, $GPUS_PER_NODE GPUs"'

    result = submit(f"--image={busybox}", "--", "sh", "-c", show)

    assert (result.exit_code, result.stdout) == (0, "0 of 1: localhost:29500, 0 GPUs\n")


def test_every_worker_resolves_the_first(
    namespace: Namespace, submit: Submit, python: str, tmp_path: Path
) -> None:
    """They meet before they are ready for anything else."""
    manifest = tmp_path / "job.yml"
    manifest.write_text(NEVER_READY)
    flags = (f"--manifest={manifest}", "--workers=3", f"--image={python}")

    result = submit(*flags, "--", "python", "-c", RESOLVE)

    assert result.exit_code == 0
    (first,) = namespace.get("pods", "batch.kubernetes.io/job-completion-index=0")
    address = first["status"]["podIP"]
    assert sorted(result.stdout.splitlines()) == [f"[{n}] {address}" for n in range(3)]


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
    assert namespace.names("services") == [job]

    namespace.kubectl("delete", "job", job)

    namespace.wait("--for=delete", f"service/{job}")
