"""Claims of folders of this machine, which is the node of the local cluster."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import leftovers

if TYPE_CHECKING:
    from tests.cluster.conftest import Namespace


class Claims:
    """Claims of a namespace, each of a folder of the node."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self._namespace = namespace
        self._folder = folder
        self._volumes: list[str] = []

    def add(self, name: str, mode: str = "ReadWriteOnce") -> Path:
        """A claim, and its folder."""
        folder = self._folder / name
        folder.mkdir()
        folder.chmod(0o777)
        volume = f"{self._namespace.name}-{name}"
        self._volumes.append(volume)
        spec = {
            "accessModes": [mode],
            "capacity": {"storage": "1Gi"},
            "claimRef": {"namespace": self._namespace.name, "name": name},
            "hostPath": {"path": str(folder), "type": "Directory"},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
        }
        made = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume},
            "spec": spec,
        }
        self._namespace.create(json.dumps(leftovers.with_own_label(made)))
        claim = {
            "accessModes": [mode],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "",
            "volumeName": volume,
        }
        made = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": claim,
        }
        self._namespace.create(json.dumps(made))
        self._namespace.wait("--for=jsonpath={.status.phase}=Bound", f"pvc/{name}")
        return folder

    def lose(self, name: str) -> None:
        """Let the volume of a claim be gone."""
        volume = f"{self._namespace.name}-{name}"
        unprotect = '--patch={"metadata": {"finalizers": null}}'
        self._namespace.kubectl("delete", "persistentvolume", volume, "--wait=false")
        self._namespace.kubectl("patch", "persistentvolume", volume, "--type=merge", unprotect)
        self._volumes.remove(volume)
        self._namespace.wait("--for=jsonpath={.status.phase}=Lost", f"pvc/{name}")

    def remove(self) -> None:
        """Delete the volumes; the namespace has the claims."""
        if self._volumes:
            self._namespace.kubectl("delete", "persistentvolume", *self._volumes, "--wait=false")
        shutil.rmtree(self._folder)
