"""GPUs on a node with a taint, and with a label of their type: node2 of the local cluster."""

from __future__ import annotations

import json

from tests.cluster.claims import Claims
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import local

LABEL, TYPE, TAINT = "nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu"


def test_a_first_training(
    namespace: Namespace, submit: Submit, busybox: str, claims: Claims
) -> None:
    """As docs/getting-started.md tells it: look which GPUs there are, and use them with data."""
    local("LOCAL_NODE3_DISK")  # the local cluster has more nodes
    folder = claims.add("datasets", "ReadWriteMany")
    (folder / "rows").write_text("1 2 3\n")
    image = f"--image={busybox}"
    flags = ("--gpus=2", "--gpu-type=h100", "--volume=datasets:/data", image)
    train = ("--", "sh", "-c", "cat /data/rows; echo $GPUS_PER_NODE; echo 7 > /data/checkpoint")

    table = submit("gpus").stdout
    waits = submit(*flags, "--pending-timeout=5s", *train)
    result = submit(*flags, f"--toleration={TAINT}", *train)
    document = json.loads(submit("gpus", "-o", "json").stdout)

    [row] = [line for line in table.splitlines() if line.startswith(TYPE)]
    assert f"{TAINT}=present:NoSchedule" in row
    assert waits.exit_code == 124
    assert "untolerated taint" in waits.stderr
    assert (result.exit_code, result.stdout) == (0, "1 2 3\n2\n"), result.stderr
    assert (folder / "checkpoint").read_text() == "7\n"
    assert namespace.pod()["spec"]["nodeName"] == "node2"
    [found] = [one for one in document["items"] if one["type"] == TYPE]
    [node] = found["nodes"]
    assert node["labels"] == {LABEL: TYPE}
    assert node["total"] == 8
