"""Data in the pods of a run: claims, ConfigMaps, scratch space, shared memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cluster.claims import Claims
from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import Repository, eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "data"


def test_a_checkpoint_outlives_its_run(claims: Claims, submit: Submit, busybox: str) -> None:
    """Two runs, and a third one that may only read, as a user who is not root."""
    folder = claims.add("data", "ReadWriteMany")
    (folder / "rows").write_text("1 2 3\n")
    write = "cat /data/rows && echo $NODE_RANK > /data/checkpoint$NODE_RANK"
    read = 'cat /data/checkpoint*; touch /data/x 2>&1; pwd; echo "$?"'
    image = f"--image={busybox}"

    first = submit(
        "--volume=data:/data", "--workers=2", "--no-prefix", image, "--", "sh", "-c", write
    )
    second = submit("--volume=pvc/data:/data/:ro", "--workdir=/data", image, "--", "sh", "-c", read)

    assert (first.exit_code, first.stdout) == (0, "1 2 3\n" * 2), first.stderr
    assert "ReadWrite" not in first.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint0", "checkpoint1", "rows"]
    lines = second.stdout.splitlines()
    assert lines[:2] == ["0", "1"]
    assert "Read-only file system" in lines[2]
    assert lines[3] == "/data"


def test_a_config_map_and_scratch_space(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """Also for somebody who is not root."""
    namespace.kubectl("create", "configmap", "train", "--from-literal=train.yaml=lr: 1")
    manifest = own_job(tmp_path, pod={"securityContext": {"runAsUser": 1000}})
    flags = ("--volume=configmap/train:/etc/train", "--scratch=10Mi:/scratch")
    show = "cat /etc/train/train.yaml; echo; pwd; echo x > /scratch/x && cat /scratch/x"

    result = submit(
        *flags,
        *("--workdir=/scratch", f"--manifest={manifest}", f"--image={busybox}"),
        *("--", "sh", "-c", show),
    )

    assert (result.exit_code, result.stdout) == (0, "lr: 1\n/scratch\nx\n"), result.stderr


@pytest.mark.waits
def test_scratch_space_that_is_full(submit: Submit, busybox: str) -> None:
    """The kubelet looks from time to time, and evicts."""
    fill = "dd if=/dev/zero of=/scratch/x bs=1M count=20 2>/dev/null; sleep 600"

    result = submit("--scratch=1Mi:/scratch", f"--image={busybox}", "--", "sh", "-c", fill)

    assert result.exit_code not in (0, 124)
    assert re.search(r"[Ee]vict", result.stderr)
    assert "exceeds" in result.stderr


def test_shared_memory_of_a_size(submit: Submit, busybox: str, tmp_path: Path) -> None:
    write = "dd if=/dev/zero of=/dev/shm/x bs=1M count={} 2>/dev/null; df -m /dev/shm | tail -n 1"
    own = own_job(
        tmp_path,
        pod={"volumes": [{"name": "x", "emptyDir": {"medium": "Memory", "sizeLimit": "80Mi"}}]},
        container={"volumeMounts": [{"name": "x", "mountPath": "/dev/shm"}]},
    )
    flags = ("--shm-size=100Mi", f"--image={busybox}", "--", "sh", "-c", write.format(120))

    assert re.search(r"tmpfs +100 +100 ", submit(*flags).stdout)
    assert re.search(r"tmpfs +100 +100 ", submit(f"--manifest={own}", *flags).stdout)


def test_claims_that_cannot_be_mounted(
    claims: Claims, namespace: Namespace, repository: Repository, submit: Submit, busybox: str
) -> None:
    """It is told before the build."""
    claims.add("single", "ReadWriteOncePod")
    claims.add("lost")
    claims.lose("lost")
    repository.commit()

    def refused(*flags: str) -> str:
        result = submit(*flags, "--verbose", "--", "true", cwd=repository.folder)
        assert (result.exit_code, result.stdout) == (125, ""), result.stderr
        return result.stderr.rpartition("error: ")[2]

    missing = refused("--volume=nothing:/data", "--volume=configmap/none:/etc/x")
    assert "persistentvolumeclaim/nothing, configmap/none" in missing
    assert "code: object-not-found" in missing
    assert "code: claim-lost" in refused("--volume=lost:/data")
    assert "code: claim-for-one-pod" in refused("--volume=single:/data", "--workers=2")
    assert "code: given-twice" in refused("--volume=single:/data", "--scratch=1Gi:/data")
    for flags in ("--volume=data:data", "--scratch=1GB:/x", "--workdir=app", "--shm-size=500m"):
        said = refused(flags)
        flag, _, value = flags.partition("=")
        assert flag in said
        assert value.partition(":")[0] in said
        assert "write" in said
    assert namespace.names("jobs") == []


def test_a_claim_that_several_workers_cannot_share_between_nodes(
    claims: Claims, submit: Submit, busybox: str
) -> None:
    """On one node they can."""
    claims.add("data")

    result = submit(
        *("--volume=data:/data", "--workers=2", f"--image={busybox}"),
        *("--", "sh", "-c", "echo $NODE_RANK > /data/$NODE_RANK"),
    )

    assert result.exit_code == 0, result.stderr
    assert "persistentvolumeclaim/data is ReadWriteOnce" in result.stderr
    assert "all 2 pods must run on the same node" in result.stderr


def test_doctor_knows_of_volumes(
    claims: Claims, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    claims.add("data")
    flags = (f"--image={busybox}", "--workers=2", "--volume=data:/data")

    well = submit("doctor", *flags)
    ill = submit("doctor", *flags, "--volume=configmap/none:/x")

    assert well.exit_code == 0, well.stdout
    assert "there: persistentvolumeclaim/data" in well.stdout
    assert "ReadWriteOnce" in well.stdout
    assert ill.exit_code == 1
    assert "configmap/none" in ill.stdout
    eventually(lambda: namespace.names("jobs") == [], "nothing was created")


def test_the_example_goes_on_where_it_ended(
    claims: Claims, repository: Repository, submit: Submit, python: str
) -> None:
    claims.add("checkpoints")
    for path in EXAMPLE.iterdir():
        repository.write(path.name, path.read_text(encoding="utf-8"))
    repository.commit()
    train = (f"--build-arg=BASE={python}", "--", "python", "resume.py")

    first = submit(*train, cwd=repository.folder)
    second = submit(*train, cwd=repository.folder)

    assert (first.exit_code, first.stdout) == (0, "begins at step 0\nends at step 10\n"), (
        first.stderr
    )
    assert (second.exit_code, second.stdout) == (0, "begins at step 10\nends at step 20\n")
