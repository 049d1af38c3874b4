"""Jobs of the user's own manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit
from tests.conftest import eventually

OURS = """\
# What the program reads.
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: "hello from the ConfigMap"}
---
# Our team's job.
apiVersion: batch/v1
kind: Job
metadata:
  generateName: ours-
  labels: {team: vision}        # for the bill
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 4711
  template:
    metadata:
      labels: {team: vision}
    spec:
      restartPolicy: Never
      initContainers:
      - name: notary            # a sidecar: it runs beside the program, and ends with it
        image: BUSYBOX
        restartPolicy: Always
        command:
        - sh
        - -c
        - |
          trap 'exit 0' TERM
          echo "the sidecar's own line"
          echo "hello from the sidecar" > /shared/note
          sleep 1000 & wait
        startupProbe: {exec: {command: [test, -s, /shared/note]}, periodSeconds: 1}
        volumeMounts: [{name: shared, mountPath: /shared}]
      containers:
      - name: train
        image: to-be-replaced
        args: [to, be, dropped]
        env:
        - {name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}
        - {name: NNODES, value: "ours"}
        volumeMounts: [{name: shared, mountPath: /shared}]
      volumes:
      - {name: shared, emptyDir: {}}
"""

TWO_WORKERS = """\
apiVersion: batch/v1
kind: Job
metadata: {name: pair}
spec:
  completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: any}]
"""

SHOW = 'cat /shared/note; echo "$GREETING, $NNODES"'


@pytest.fixture
def ours(tmp_path: Path, busybox: str) -> Path:
    """A manifest with a ConfigMap and a sidecar."""
    path = tmp_path / "ours.yml"
    path.write_text(OURS.replace("BUSYBOX", busybox), encoding="utf-8")
    return path


def test_what_no_flag_asks_for_stays(
    namespace: Namespace, submit: Submit, busybox: str, ours: Path
) -> None:
    before = ours.read_bytes()

    result = submit(f"--manifest={ours}", f"--image={busybox}", "--", "sh", "-c", SHOW)

    assert (result.exit_code, result.stdout) == (
        0,
        "hello from the sidecar\nhello from the ConfigMap, ours\n",
    )
    job, pod = namespace.job(), namespace.pod()
    assert job["metadata"]["name"].startswith("busybox-")
    assert job["spec"]["ttlSecondsAfterFinished"] == 4711
    for labels in (job["metadata"]["labels"], pod["metadata"]["labels"]):
        assert labels["team"] == "vision"
        assert labels["app.kubernetes.io/managed-by"] == "kubectl-submit"
    (container,) = pod["spec"]["containers"]
    assert container["name"] == "train"
    assert container["image"].startswith(busybox.removesuffix(":1"))
    assert "args" not in container
    assert ours.read_bytes() == before


def test_flags_before_the_manifest(
    namespace: Namespace, submit: Submit, busybox: str, ours: Path
) -> None:
    flags = (f"--manifest={ours}", "--ttl=5m", "--env=GREETING=hi", "--name=mine")

    result = submit(*flags, f"--image={busybox}", "--", "sh", "-c", SHOW)

    assert (result.exit_code, result.stdout) == (0, "hello from the sidecar\nhi, ours\n")
    assert namespace.job()["metadata"]["name"].startswith("mine-")
    assert namespace.job()["spec"]["ttlSecondsAfterFinished"] == 300


def test_the_manifests_own_workers(
    namespace: Namespace, submit: Submit, busybox: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "pair.yml"
    manifest.write_text(TWO_WORKERS, encoding="utf-8")
    show = 'echo "$NODE_RANK of $NNODES"'

    result = submit(f"--manifest={manifest}", f"--image={busybox}", "--", "sh", "-c", show)

    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == ["[0] 0 of 2", "[1] 1 of 2"]
    job = namespace.job()["metadata"]["name"]
    assert sorted(namespace.names("services")) == [job, f"{job}-0"]


def test_a_job_that_never_ran_takes_its_documents_with_it(
    namespace: Namespace, submit: Submit, busybox: str, ours: Path
) -> None:
    result = submit(f"--manifest={ours}", f"--image={busybox}", "--", "no-such-command")

    assert (result.exit_code, result.stdout) == (125, "")
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
    assert "settings" not in namespace.names("configmaps")


def test_a_document_that_is_there_already(
    namespace: Namespace, submit: Submit, busybox: str, ours: Path
) -> None:
    namespace.kubectl("create", "configmap", "settings", "--from-literal=greeting=mine")

    result = submit(f"--manifest={ours}", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert 'configmaps "settings" already exists' in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")
    (settings,) = (
        found for found in namespace.get("configmaps") if found["metadata"]["name"] == "settings"
    )
    assert settings["data"] == {"greeting": "mine"}


def test_a_field_that_kubernetes_does_not_know(
    namespace: Namespace, submit: Submit, busybox: str, ours: Path
) -> None:
    ours.write_text(ours.read_text(encoding="utf-8").replace("backoffLimit", "backofLimit"))

    result = submit(f"--manifest={ours}", f"--image={busybox}", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert 'unknown field "spec.backofLimit"' in result.stderr
    assert namespace.names("jobs,pods") == []
    assert "settings" not in namespace.names("configmaps")
