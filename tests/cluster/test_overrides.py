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


SIDECAR = """
# What no option has.
metadata:
  annotations: {example.com/who: overrides}
spec:
  template:
    spec:
      volumes:
      - {name: more, emptyDir: {}}
      containers:
      - name: main
        env: [{name: COLOUR, value: blue}, {name: NNODES, value: "7"}]
        volumeMounts: [{name: more, mountPath: /more}]
      initContainers:
      - name: before
        image: IMAGE
        command: [sh, -c, "echo from before > /more/x"]
        volumeMounts: [{name: more, mountPath: /more}]
"""


def test_a_file_is_merged_by_names(
    repository: Repository, namespace: Namespace, submit: Submit, busybox: str
) -> None:
    """What is rendered stays: the image that is built, its digest, and the options."""
    repository.write("over.yml", SIDECAR.replace("IMAGE", busybox))
    repository.write(".kubectl-submit.yaml", "overrides: over.yml\n")
    repository.write("here.txt", "of the commit\n")
    (repository.folder / "below").mkdir()
    repository.commit()
    show = 'cat /more/x here.txt; echo "$COLOUR/$NNODES/$A"; df /dev/shm | tail -n 1'

    result = submit("--env=A=1", "--", "sh", "-c", show, cwd=repository.folder / "below")

    assert result.exit_code == 0, result.stderr
    *lines, memory = result.stdout.splitlines()
    assert lines == ["from before", "of the commit", "blue/7/1"]
    assert memory.startswith("tmpfs")
    job = namespace.job()
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert "@sha256:" in container["image"]
    assert job["metadata"]["annotations"]["example.com/who"] == "overrides"
    assert job["metadata"]["annotations"]["kubectl-submit/image"] == container["image"]


def over(**spec: object) -> str:
    """Overrides of the pod, as JSON."""
    return f"--overrides={json.dumps({'spec': {'template': {'spec': spec}}})}"


def test_json_in_place_of_a_file(namespace: Namespace, submit: Submit, busybox: str) -> None:
    flags = (over(terminationGracePeriodSeconds=7, enableServiceLinks=None), f"--image={busybox}")

    shown = submit(*flags, "--dry-run=client", "--", "true")
    result = submit(*flags, "--", "echo", "$HOME")

    document = yaml.safe_load(shown.stdout)
    assert document["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 7
    assert (result.exit_code, result.stdout) == (0, "$HOME\n"), result.stderr
    pod = namespace.pod()
    assert pod["spec"]["terminationGracePeriodSeconds"] == 7
    assert pod["spec"]["enableServiceLinks"] is True  # Kubernetes' default, as ours is removed


def test_overrides_that_are_wrong(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    def refused(flag: str) -> str:
        result = submit(flag, f"--image={busybox}", "--verbose", "--", "true")
        assert (result.exit_code, result.stdout) == (125, "")
        return result.stderr

    unknown = refused(over(container=[]))
    assert 'unknown field "spec.template.spec.container"' in unknown
    assert "code: manifest-refused" in unknown
    nameless = refused(over(containers=[{"image": "x"}]))
    assert "error: --overrides cannot be merged into the Job" in nameless
    assert "merge key: name" in nameless
    assert "code: overrides-not-possible" in nameless
    assert "--overrides: metadata.name" in refused('--overrides={"metadata": {"name": "x"}}')
    missing = refused(f"--overrides={tmp_path}/none")
    assert f"--overrides {tmp_path}/none" in missing
    assert "code: overrides-unreadable" in missing
    result = submit("--overrides={", f"--image={busybox}", "--", "true")
    assert (result.exit_code, "--overrides" in result.stderr) == (125, True)
    assert "write a file or {" in result.stderr
    assert namespace.names("jobs") == []
