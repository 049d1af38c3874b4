"""The forms of values about volumes and nodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubectl_submit.cli.options import pod_values, values
from kubectl_submit.cli.options.pod_values import (
    CLAIM,
    CONFIG_MAP,
    Scratch,
    Toleration,
    Volume,
)

Parser = Callable[[str], object]

GOOD: list[tuple[Parser, str, object]] = [
    (pod_values.volume, "data:/data", Volume(CLAIM, "data", "/data")),
    (pod_values.volume, "pvc/data:/data", Volume(CLAIM, "data", "/data")),
    (pod_values.volume, "persistentvolumeclaim/a.b:/x", Volume(CLAIM, "a.b", "/x")),
    (pod_values.volume, "data:/a//b/:ro", Volume(CLAIM, "data", "/a/b", read_only=True)),
    (pod_values.volume, "data:/a b/ü:rw", Volume(CLAIM, "data", "/a b/ü")),
    (pod_values.volume, "configmap/c:/etc/c", Volume(CONFIG_MAP, "c", "/etc/c", read_only=True)),
    (pod_values.volume, "cm/c:/etc/c:ro", Volume(CONFIG_MAP, "c", "/etc/c", read_only=True)),
    (pod_values.scratch, "50Gi:/scratch", Scratch("50Gi", "/scratch")),
    (pod_values.scratch, "0.5Gi:/tmp/", Scratch("0.5Gi", "/tmp")),
    (pod_values.size, "512Mi", "512Mi"),
    (pod_values.working_directory, "/", "/"),
    (pod_values.working_directory, "/app/./src/", "/app/src"),
    (pod_values.working_directory, "//app", "/app"),
    (pod_values.node_label, "pool=gpu", ("pool", "gpu")),
    (pod_values.node_label, "ray.io/x=", ("ray.io/x", "")),
    (pod_values.node_label, "kubernetes.io/hostname=n-1.x", ("kubernetes.io/hostname", "n-1.x")),
    (pod_values.toleration, "nvidia.com/gpu", Toleration("nvidia.com/gpu", None, "")),
    (pod_values.toleration, "a=", Toleration("a", "", "")),
    (pod_values.toleration, "a=b", Toleration("a", "b", "")),
    (pod_values.toleration, "a:NoExecute", Toleration("a", None, "NoExecute")),
    (pod_values.toleration, "a.b/c=d:NoSchedule", Toleration("a.b/c", "d", "NoSchedule")),
    (pod_values.annotation, "example.com/a= b=c ü", ("example.com/a", " b=c ü")),
    (pod_values.annotation, "a=", ("a", "")),
    (values.overrides, "over.yaml", "over.yaml"),
    (values.overrides, ' {"spec": {}}', ' {"spec": {}}'),
    (pod_values.limit, "rdma/ib=1", ("rdma/ib", "1")),
    (pod_values.limit, "hugepages-2Mi=1Gi", ("hugepages-2Mi", "1Gi")),
    (pod_values.topology, "required=x.com/rack", ("required", "x.com/rack")),
    (pod_values.topology, "preferred=rack", ("preferred", "rack")),
]

BAD: dict[Parser, list[str]] = {
    pod_values.volume: [
        *("", "data", "data:", "data:data", "data:/", "data:/a:", "data:/a:rx", "data:/a:ro:ro"),
        *("/data:/data", "./data:/data", "~/data:/data", "pvc/:/data", "Data:/data", "d_a:/x"),
        *("secret/s:/x", "pvc/a/b:/x", "configmap/c:/x:rw", "a" * 254 + ":/x", "data:/a/../b"),
        *("data:/a\udcff", "data\n:/x"),
    ],
    pod_values.scratch: ["", "1Gi", "1Gi:", "1Gi:x", ":/x", "1Gi:/", "1GiB:/x", "500m:/x", "0:/x"],
    pod_values.size: ["", "0", "0Gi", "0.0", "500m", "1GB", "-1"],
    pod_values.working_directory: ["", "app", "./app", "/a\0"],
    pod_values.node_label: ["", "pool", "=x", "a b=c", "a=b c", "/a=b"],
    pod_values.toleration: [
        *("", ":NoSchedule", "=x", "a:", "a:noschedule", "a:NoSchedule-", "a=b=c", "a b", "a=-"),
    ],
    pod_values.annotation: ["", "a", "=x", "a b=x", "a=\udcff", "a=\0", "kubectl-submit/name=x"],
    values.overrides: ["", " ", "{", '{"spec": }', "{spec: 1}", "a\udcff"],
    pod_values.limit: ["", "cpu", "=1", "rdma/ib=", "rdma/ib=x", "a b=1", "a/b/c=1"],
    pod_values.topology: ["", "rack", "required", "required=", "Required=a", "any=rack"],
}


@pytest.mark.parametrize(("parse", "text", "value"), GOOD)
def test_reads(parse: Parser, text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"), [(parse, text) for parse, texts in BAD.items() for text in texts]
)
def test_refuses(parse: Parser, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)
