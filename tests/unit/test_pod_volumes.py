"""What options about data mount in the pods of a run, beside what a manifest mounts itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.pod_values import CLAIM, CONFIG_MAP, Scratch, Volume
from kubectl_submit.cli.options.secret_values import SecretFile, SecretMount
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.run_secrets import RunSecret
from kubectl_submit.parameters import mount_paths
from tests.errors import raises_code

from .examples import execution_parameters

DATA = Volume(CLAIM, "data", "/data")
OWN = """\
kind: Job
spec:
  template:
    spec:
      containers:
      - name: main
        workingDir: /own
        volumeMounts:
        - {name: mine, mountPath: /data/, readOnly: true}
        - {name: other, mountPath: /other}
        - {name: shm, mountPath: /dev/shm}
      volumes:
      - name: mine
        persistentVolumeClaim: {claimName: data, readOnly: true}
      - {name: other, emptyDir: {}}
      - {name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
"""


def pods(kind: str, **options: Any) -> list[Any]:
    """The pods of a run, as kubectl reads them: of a RayJob head, worker and submitter."""
    documents = by_kind(kind).render(execution_parameters(**options))
    spec = yaml.safe_load(tree.dump(documents[:1]))["spec"]
    if kind == "job":
        return [spec["template"]["spec"]]
    cluster = spec["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    templates = [*(group["template"] for group in groups), spec["submitterPodTemplate"]]
    return [template["spec"] for template in templates]


def mounted(pod: Any) -> dict[str, tuple[Any, bool]]:
    """The source of the volume at each path, and whether it can only be read."""
    sources: dict[str, Any] = {}
    for volume in pod.get("volumes", []):
        name = volume.pop("name")
        assert name not in sources
        [sources[name]] = volume.items()
    mounts = pod["containers"][0].get("volumeMounts", [])
    found = {one["mountPath"]: (sources[one["name"]], one.get("readOnly", False)) for one in mounts}
    assert len(found) == len(mounts)
    return found


def claim(name: str, **more: bool) -> tuple[str, Any]:
    return "persistentVolumeClaim", {"claimName": name, **more}


@pytest.mark.parametrize("kind", ["job", "rayjob"])
def test_volumes_of_all_kinds(kind: str) -> None:
    asked = (
        DATA,
        Volume(CLAIM, "models", "/models", read_only=True),
        Volume(CONFIG_MAP, "a.b", "/etc/x", read_only=True),
    )
    scratch = (Scratch("1Gi", "/scratch"), Scratch("2Gi", "/tmp"))
    for pod in pods(kind, volume=asked, scratch=scratch, workdir="/data")[:2]:
        found = mounted(pod)
        found.pop("/dev/shm", None)
        assert found == {
            "/data": (claim("data"), False),
            "/models": (claim("models", readOnly=True), True),
            "/etc/x": (("configMap", {"name": "a.b"}), True),
            "/scratch": (("emptyDir", {"sizeLimit": "1Gi"}), False),
            "/tmp": (("emptyDir", {"sizeLimit": "2Gi"}), False),
        }
        assert pod["containers"][0]["workingDir"] == "/data"


def test_the_submitter_of_ray_needs_no_data() -> None:
    *_, submitter = pods("rayjob", volume=(DATA,), workdir="/data", shm_size="1Gi")
    assert "volumes" not in submitter
    assert "workingDir" not in submitter["containers"][0]


def test_a_claim_at_two_paths_is_one_volume() -> None:
    asked = (DATA, Volume(CLAIM, "data", "/copy", read_only=True))
    [pod] = pods("job", volume=asked)
    assert len(pod["volumes"]) == 2
    found = mounted(pod)
    assert found["/data"] == (claim("data"), False)
    assert found["/copy"] == (claim("data"), True)


@pytest.mark.parametrize("kind", ["job", "rayjob"])
def test_the_size_of_shared_memory(kind: str) -> None:
    for pod in pods(kind, shm_size="2Gi")[:2]:
        memory = ("emptyDir", {"medium": "Memory", "sizeLimit": "2Gi"})
        assert mounted(pod)["/dev/shm"] == (memory, False)


def test_shared_memory_that_is_a_volume() -> None:
    [pod] = pods("job", scratch=(Scratch("1Gi", "/dev/shm"),))
    assert mounted(pod)["/dev/shm"] == (("emptyDir", {"sizeLimit": "1Gi"}), False)


def own(tmp_path: Path, **options: Any) -> Any:
    """The pod of a manifest of the user's own."""
    path = tmp_path / "own.yml"
    path.write_text(OWN, encoding="utf-8")
    [pod] = pods("job", manifest=path, **options)
    return pod


def test_what_a_manifest_mounts_stays(tmp_path: Path) -> None:
    pod = own(tmp_path, volume=(Volume(CLAIM, "models", "/models"),))
    found = mounted(pod)
    assert found.pop("/models") == (claim("models"), False)
    assert found == {
        "/data/": (claim("data", readOnly=True), True),
        "/other": (("emptyDir", {}), False),
        "/dev/shm": (("emptyDir", {"medium": "Memory", "sizeLimit": "1Gi"}), False),
    }
    assert pod["containers"][0]["workingDir"] == "/own"


def test_a_flag_counts_more_than_the_manifest(tmp_path: Path) -> None:
    """A claim that the manifest has is used: a pod may not name it twice."""
    asked = (DATA, Volume(CLAIM, "models", "/other"))
    pod = own(tmp_path, volume=asked, workdir="/", shm_size="5Gi")
    names = [volume["name"] for volume in pod["volumes"]]
    assert names[:3] == ["mine", "other", "shm"]
    assert mounted(pod) == {
        "/data": (claim("data"), False),
        "/other": (claim("models"), False),
        "/dev/shm": (("emptyDir", {"medium": "Memory", "sizeLimit": "5Gi"}), False),
    }
    assert pod["containers"][0]["workingDir"] == "/"


def test_no_group_gets_the_files_of_a_claim() -> None:
    """An fsGroup for the files of Secrets would change the owners of all data."""
    secret = RunSecret(suffix="-file0", data={}, path="/x", files={"file-0": "x"})
    [pod] = pods("job", new_secrets=(secret,), volume=(DATA,))
    assert "fsGroup" not in pod.get("securityContext", {})
    [pod] = pods("job", new_secrets=(secret,), scratch=(Scratch("1Gi", "/scratch"),))
    assert "fsGroup" in pod["securityContext"]


@pytest.mark.parametrize(
    "options",
    [
        {"volume": (DATA, Volume(CONFIG_MAP, "c", "/data"))},
        {"volume": (DATA,), "scratch": (Scratch("1Gi", "/data"),)},
        {"volume": (DATA,), "secret": (SecretMount("s", "/data/"),)},
        {"volume": (DATA,), "secret_file": (SecretFile("x", "//data"),)},
        {"scratch": (Scratch("1Gi", "/dev/shm"),), "shm_size": "1Gi"},
    ],
)
def test_two_options_for_one_path(options: dict[str, Any]) -> None:
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        mount_paths.check(Options(**options))
    assert "another path" in refused.value.remedy
