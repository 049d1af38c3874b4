"""A BuildKit that stays in the namespace: made, used, lost, full, refused and deleted."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import leftovers
from tests.cluster.conftest import Namespace, Submit
from tests.cluster.gate import Gate
from tests.cluster.test_pod_security import enforce
from tests.conftest import Commands, Finished, Repository, eventually, local
from tests.documentation import ROOT
from tests.patience import KUBECTL_PATIENCE

NAME = "kubectl-submit-builder"
POD = f"{NAME}-0"
SETTINGS = f"--buildkitd-config={ROOT}/scripts/cluster/config/buildkitd-rootless.toml"
EPHEMERAL = ("--storage=0", SETTINGS)
KINDS = "statefulset,service,networkpolicy,configmap,secret,persistentvolumeclaim"
# So that nothing but the builder's own store can have a step that was done before.
ALONE = "--build-cache=none"


@pytest.fixture
def volume(namespace: Namespace) -> Iterator[Path]:
    """A folder of the node as the only volume that the namespace's builder can claim."""
    folder = Path("/var/tmp") / f"kubectl-submit-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    made = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": namespace.name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "claimRef": {"namespace": namespace.name, "name": NAME},
            "hostPath": {"path": str(folder), "type": "Directory"},
            "persistentVolumeReclaimPolicy": "Retain",
        },
    }
    namespace.create(json.dumps(leftovers.with_own_label(made)))
    yield folder
    namespace.kubectl("delete", "statefulset", "--all", "--cascade=foreground")
    namespace.kubectl("delete", "persistentvolume", namespace.name, "--wait=false")
    shutil.rmtree(folder)


def made(submit: Submit, *flags: str) -> Finished:
    """The namespace's builder, which is ready."""
    result = submit("builder", "create", *flags)
    assert result.exit_code == 0, result.stderr
    assert f"builder {NAME} is ready" in result.stderr
    assert "PRIVATE" not in result.stdout + result.stderr
    return result


def write(repository: Repository, *steps: str) -> None:
    """A Dockerfile of these steps, whose image does not run as root, committed."""
    base = f"FROM {local('LOCAL_PULL_REGISTRY')}/busybox:1"
    lines = [base, *steps, "WORKDIR /app", "COPY . .", "USER 1000"]
    repository.write("Dockerfile", "\n".join(lines) + "\n")
    repository.commit()


def build_pods(namespace: Namespace) -> list[Any]:
    """The pods of builds."""
    return [one for one in namespace.get("pods") if "-build-" in one["metadata"]["name"]]


def owned(namespace: Namespace) -> list[str]:
    """What there is of the builder."""
    return [
        one["metadata"]["name"] for one in namespace.get(KINDS, f"kubectl-submit/builder={NAME}")
    ]


def label(namespace: Namespace, change: str) -> None:
    """Change the Pod Security level of the namespace: `=LEVEL`, or `-` for none."""
    key = "pod-security.kubernetes.io/enforce"
    namespace.kubectl("label", "namespace", namespace.name, f"{key}{change}")


def test_its_builds_need_no_exception_and_it_is_shown_and_deleted(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    made(submit, *EPHEMERAL)
    write(repository)
    label(namespace, "=restricted")

    result = submit("--", "id", "-u", cwd=repository.folder)
    assert (result.exit_code, result.stdout) == (0, "1000\n"), result.stderr
    (pod,) = build_pods(namespace)
    assert "initContainers" not in pod["spec"]

    shown = submit("builder", "status").stdout
    assert f"{NAME}, ready" in shown
    assert "in the cache" in shown
    deleted = submit("builder", "delete")
    assert deleted.exit_code == 0, deleted.stderr
    assert "with its claim and all that it had stored" in deleted.stderr
    eventually(lambda: owned(namespace) == [], "all of it is deleted")
    assert submit("builder", "status").exit_code == 1


@pytest.mark.usefixtures("volume")
def test_its_storage_outlives_its_pod(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    """Layers as well as cache mounts."""
    made(submit, "--storage=1Gi", SETTINGS)
    unique = uuid.uuid4()
    step = "RUN --mount=type=cache,target=/c echo {} >> /c/all; cp /c/all /all"
    write(repository, step.format(unique))
    first = submit(ALONE, "--", "cat", "/all", cwd=repository.folder)
    assert (first.exit_code, first.stdout) == (0, f"{unique}\n"), first.stderr

    namespace.kubectl("delete", "pod", POD)
    repository.commit()
    flags = (ALONE, "--rebuild", "--verbose")
    again = submit(*flags, "--", "cat", "/all", cwd=repository.folder)
    assert (again.exit_code, again.stdout) == (0, f"{unique}\n"), again.stderr
    assert "CACHED" in again.stderr

    write(repository, step.format("more"))
    lasting = submit(ALONE, "--", "cat", "/all", cwd=repository.folder)
    assert lasting.stdout == f"{unique}\nmore\n", lasting.stderr
    assert "of 1Gi" in submit("builder", "status").stdout
    assert submit("builder", "delete").exit_code == 0
    eventually(lambda: namespace.names("persistentvolumeclaim") == [], "the claim is deleted")


def test_a_secret_of_a_build_is_not_in_its_storage(
    repository: Repository, volume: Path, submit: Submit, tmp_path: Path
) -> None:
    made(submit, "--storage=1Gi", SETTINGS)
    secret, layer, mount = (uuid.uuid4().hex for _ in range(3))
    (tmp_path / "secret").write_text(secret, encoding="utf-8")
    write(
        repository,
        "RUN --mount=type=secret,id=one --mount=type=cache,target=/c "
        f"test $(wc -c < /run/secrets/one) = 32 && echo {layer} > /all && echo {mount} > /c/all",
    )
    given = f"--build-secret=id=one,src={tmp_path}/secret"
    result = submit(given, "--", "cat", "/all", cwd=repository.folder)
    assert (result.exit_code, result.stdout) == (0, f"{layer}\n"), result.stderr

    stored = b"\n".join(unpacked(file) for file in volume.rglob("*") if is_plain(file))
    assert layer.encode() in stored
    assert mount.encode() in stored
    assert secret.encode() not in stored


def is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def unpacked(file: Path) -> bytes:
    content = file.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def test_a_storage_that_is_too_small_is_named(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    """It is cleared, and the build repeated, before the build fails for it."""
    made(submit, *EPHEMERAL)
    small = {"name": "layers", "emptyDir": {"medium": "Memory", "sizeLimit": "300Mi"}}
    change = {"spec": {"template": {"spec": {"volumes": [small]}}}}
    namespace.kubectl("patch", "statefulset", NAME, f"--patch={json.dumps(change)}")
    namespace.kubectl("rollout", "status", f"statefulset/{NAME}", KUBECTL_PATIENCE)
    write(repository, f"RUN dd bs=1M count=400 if=/dev/zero of=/{uuid.uuid4()}")
    result = submit(ALONE, "--", "true", cwd=repository.folder)
    assert result.exit_code == 125
    assert "is full: clearing its cache, and building once more" in result.stderr
    assert "builder create --storage SIZE" in result.stderr


def test_without_anything_to_store_on_nothing_is_left(namespace: Namespace, submit: Submit) -> None:
    """The local cluster has no StorageClass."""
    if namespace.get("storageclass"):
        pytest.skip("the cluster has a StorageClass")
    result = submit("builder", "create", SETTINGS)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: there is no volume for the claim ") or (
        f"error: there is no volume for the claim {NAME}\n" in result.stderr
    )
    assert "no storage class is set" in result.stderr
    assert "--storage 0" in result.stderr
    eventually(lambda: owned(namespace) == [], "nothing is left")


def test_an_image_that_does_not_exist(namespace: Namespace, submit: Submit) -> None:
    image = f"{local('LOCAL_PULL_REGISTRY')}/no-such-buildkit:1"
    result = submit("builder", "create", *EPHEMERAL, f"--buildkit-image={image}")
    assert result.exit_code == 1
    assert f"error: the builder {NAME} cannot run\n" in result.stderr
    assert image in result.stderr
    eventually(lambda: owned(namespace) == [], "nothing is left")


def test_it_dies_in_the_middle_of_a_build(
    repository: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    made(submit, *EPHEMERAL)
    write(repository, f"RUN echo slow; {gate.wait}")

    running = submit.start("--", "true", cwd=repository.folder)
    running.wait_for("RUN echo slow")
    namespace.kubectl("delete", "pod", POD, "--grace-period=0", "--force")
    running.wait_for("was lost: building once more")
    gate.open()
    result = running.finish()

    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("building once more") == 1


def test_one_of_two_builds_dies(
    repository: Repository, gate: Gate, namespace: Namespace, submit: Submit
) -> None:
    """The other one, and the builder, do not notice."""
    made(submit, *EPHEMERAL)
    running = []
    for which in ("first", "second"):
        write(repository, f"RUN echo {which}; {gate.wait}")
        running.append(submit.start(ALONE, "--", "true", cwd=repository.folder))
        running[-1].wait_for(f"RUN echo {which}")
        if which == "first":
            (pod,) = build_pods(namespace)
    namespace.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
    dead = running[0].finish()
    gate.open()
    alive = running[1].finish()

    assert dead.exit_code == 125, dead.stderr
    assert "was deleted" in dead.stderr
    assert alive.exit_code == 0, alive.stderr
    assert "building once more" not in alive.stderr


def test_a_build_waits_for_it(repository: Repository, namespace: Namespace, submit: Submit) -> None:
    made(submit, *EPHEMERAL)
    write(repository)
    label(namespace, "=baseline")
    namespace.kubectl("delete", "pod", POD)
    eventually(
        lambda: namespace.get("statefulset")[0]["status"].get("readyReplicas", 0) == 0,
        "it is not ready",
    )

    late = submit("--pending-timeout=30s", "--", "true", cwd=repository.folder)
    assert late.exit_code == 124, late.stderr
    assert "was not ready within 30 seconds" in late.stderr
    assert "violates PodSecurity" in late.stderr
    assert "Build without it: --builder none." in late.stderr
    assert build_pods(namespace) == []

    label(namespace, "-")
    result = submit("--", "true", cwd=repository.folder)
    assert result.exit_code == 0, result.stderr


def test_nobody_builds_without_its_certificate(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    made(submit, *EPHEMERAL)
    write(repository)
    address = f"tcp://{NAME}:1234"

    without = submit(f"--builder={address}", "--", "true", cwd=repository.folder)
    assert without.exit_code == 125
    assert f"cannot use the builder {address}: it refuses the certificate" in without.stderr

    with_it = submit(
        f"--builder={address}",
        f"--builder-secret={NAME}-client",
        "--",
        "true",
        cwd=repository.folder,
    )
    assert with_it.exit_code == 0, with_it.stderr


def test_builds_of_another_namespace(
    repository: Repository, namespace: Namespace, submit: Submit, commands: Commands
) -> None:
    """That one is restricted, so that BuildKit itself could not run there."""
    other = Namespace(f"{namespace.name}-other")
    head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other.name}}
    other.create(json.dumps(leftovers.with_own_label(head)))
    try:
        other.wait("--for=create", "serviceaccount/default")
        enforce(other, "restricted")
        told = made(submit, *EPHEMERAL, f"--allow-namespace={other.name}").stderr
        write(repository)
        flags = told.partition(f"builds in {other.name} use it with ")[2].split("\n")[0].split()
        there = Submit(commands, other.name)

        refused = there("--", "true", cwd=repository.folder)
        assert refused.exit_code == 125
        result = there(*flags, "--", "cat", "Dockerfile", cwd=repository.folder)
        assert result.exit_code == 0, result.stderr

        assert submit("builder", "delete").exit_code == 0
        eventually(lambda: other.get("secret") == [], "the Secret of the clients is deleted")
    finally:
        other.kubectl("delete", "namespace", other.name, "--wait=false")


def test_what_create_says_again_is_changed_and_the_rest_stays(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    made(submit, *EPHEMERAL, "--memory=1Gi")
    before = certificate(namespace)
    made(submit, "--cpu=1")

    (stateful_set,) = namespace.get("statefulset")
    (container,) = stateful_set["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert certificate(namespace) != before
    write(repository)
    assert submit("--", "true", cwd=repository.folder).exit_code == 0


def certificate(namespace: Namespace) -> bytes:
    """What clients show."""
    (found,) = (
        one for one in namespace.get("secret") if one["metadata"]["name"] == f"{NAME}-client"
    )
    return base64.b64decode(found["data"]["tls.crt"])


def test_a_name_that_something_else_has(namespace: Namespace, submit: Submit) -> None:
    namespace.kubectl("create", "service", "clusterip", "mine", "--tcp=80:80")
    result = submit("builder", "create", "mine", *EPHEMERAL)
    assert result.exit_code == 1
    assert "Service mine exists, and belongs to no builder" in result.stderr
    assert namespace.names("service,statefulset") == ["mine"]


def test_which_one_builds_is_told(
    repository: Repository, namespace: Namespace, submit: Submit
) -> None:
    write(repository)

    def told(*flags: str) -> str:
        result = submit("doctor", "-o", "json", *flags, cwd=repository.folder)
        found = {one["name"]: one for one in json.loads(result.stdout)["items"]}
        return str(found["builder"]["text"])

    assert "the namespace has no builder" in told()
    made(submit, *EPHEMERAL)
    assert told() == f"{NAME}, the builder of the namespace"
    assert told(f"--builder={NAME}") == f"{NAME}, named by --builder"
    assert "because of --builder none" in told("--builder=none")
    assert "there is no builder other" in told("--builder=other")
    shown = submit("--dry-run=server", "--", "true", cwd=repository.folder)
    build = next(iter(yaml.safe_load_all(shown.stdout)))
    assert "initContainers" not in build["spec"]["template"]["spec"]


def test_a_builder_of_docker_buildx(repository: Repository, submit: Submit) -> None:
    """With --build local, the name is buildx' own."""
    write(repository)
    local("BUILDX_BUILDER")
    command = ("--build=local", "--", "true")
    wrong = submit("--builder=no-such", *command, cwd=repository.folder)
    assert wrong.exit_code == 125
    assert 'no builder "no-such" found' in wrong.stderr
    env = {"BUILDX_BUILDER": "no-such"}
    right = submit(
        f"--builder={os.environ['BUILDX_BUILDER']}", *command, cwd=repository.folder, env=env
    )
    assert right.exit_code == 0, right.stderr
