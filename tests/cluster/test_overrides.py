"""What no option has: parts of a manifest that are merged, labels and annotations."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.cluster.conftest import Namespace, Submit, own_job
from tests.conftest import Repository


def test_annotations_and_labels(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    """The command itself can see them."""
    fields = {"COST": "metadata.annotations['example.com/cost']", "TEAM": "metadata.labels['team']"}
    env = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in fields.items()
    ]
    manifest = own_job(tmp_path, container={"env": env})
    flags = ("--annotation=example.com/cost=4 711=x", "--label=team=vision")
    show = ("--", "sh", "-c", 'echo "$COST/$TEAM"')

    result = submit(*flags, f"--manifest={manifest}", f"--image={busybox}", *show)
    refused = submit("--annotation=kubectl-submit/name=x", f"--image={busybox}", *show)

    assert (result.exit_code, result.stdout) == (0, "4 711=x/vision\n"), result.stderr
    metadata = namespace.job()["metadata"]
    assert metadata["annotations"]["example.com/cost"] == "4 711=x"
    assert metadata["labels"]["team"] == "vision"
    assert (refused.exit_code, refused.stdout) == (125, "")
    assert "--annotation" in refused.stderr
    assert "kubectl-submit/name is set by kubectl-submit itself" in refused.stderr
