"""Lets the workers of a run find each other: variables, host names and Services. Pure.

Programs look MASTER_ADDR up once, when they start, and a DNS server remembers for up to 30 seconds
that there is no such name. The host name of a pod is known only after that pod has an address, so
MASTER_ADDR is the name of a Service with an address of its own, which is there before the pods. It
is also the host name of worker 0, which thus finds itself in its /etc/hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.execution_backends.kubernetes.execution import JOB_LABEL
from kubectl_submit.manifests import pod_template, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.pods import RANK_LABEL

RANK_FIELD = f"metadata.annotations['{RANK_LABEL}']"
MASTER_PORT = 29500
"""The default port of torch.distributed."""
TORCHRUN_PORT = 29400
"""Where torchrun meets if `--rdzv-endpoint` names no port (torch/distributed/elastic)."""
# What a command says of further ports: `--master_port=25678`, `$MASTER_ADDR:6379`.
PORT = re.compile(r"(?:MASTER_ADDR\}?[\"']?:|port[ =]+[\"']?)(\d{1,5})(?!\d)", re.IGNORECASE)
LARGEST_PORT = 65535
MOST_PORTS = 50
"""Each port of a Service is a rule on every node."""


def set_variables(container: Node, name: str, workers: int, gpus: object) -> None:
    """Tell each worker of its rank and of worker 0.

    Not RANK and WORLD_SIZE: torchrun counts processes. What the user or the manifest sets stays.
    """
    variables: dict[str, dict[str, object]] = {
        "NODE_RANK": {"valueFrom": {"fieldRef": {"fieldPath": RANK_FIELD}}},
        "NNODES": {"value": str(workers)},
        "MASTER_ADDR": {"value": _first(name) if workers > 1 else "localhost"},
        "MASTER_PORT": {"value": str(MASTER_PORT)},
        "GPUS_PER_NODE": {"value": str(gpus)},
    }
    for variable, value in variables.items():
        pod_template.set_default(container, variable, value)


def resolve_names(pod_spec: Node) -> None:
    """Let workers on the node's network ask the cluster's DNS, as others do.

    Kubernetes takes `ClusterFirst`, its default, for `Default` there: the node's own DNS, which
    does not know of Services. What else the manifest says stays.
    """
    if pod_spec.get("hostNetwork") is True and pod_spec.get("dnsPolicy") in (None, "ClusterFirst"):
        tree.put(pod_spec, ("dnsPolicy",), "ClusterFirstWithHostNet")


def services(name: str, facts: dict[str, str], container: Node) -> list[Node]:
    """The Services of a run with several workers.

    One gives each worker a host name, `<name>-<rank>.<name>`, for any port. The other one is what
    MASTER_ADDR names: it leads to worker 0, on MASTER_PORT and the other ports that are known.
    """
    workers = {"clusterIP": "None", "selector": {JOB_LABEL: name}}
    ports = [{"name": f"port-{port}", "port": port} for port in _ports(container)]
    first = {"ports": ports, "selector": {JOB_LABEL: name, RANK_LABEL: "0"}}
    return [_service(name, workers, facts), _service(_first(name), first, facts)]


def _first(name: str) -> str:
    """The host name of worker 0, which the Job controller gives it, and the name of its Service."""
    return f"{name}-0"


def _service(name: str, spec: Mapping[str, object], facts: dict[str, str]) -> Node:
    # Workers meet before any of them is ready.
    spec = {"publishNotReadyAddresses": True, **spec}
    service = tree.quoted({"apiVersion": "v1", "kind": "Service", "spec": spec})
    pod_template.identify(service, name, facts)
    return cast("Node", service)


def _ports(container: Node) -> list[int]:
    """The ports of worker 0: MASTER_PORT, and those that manifest and command name."""
    env = tree.child(container, "env", kind=CommentedSeq)
    master = [str(one.get("value")) for one in env if one["name"] == "MASTER_PORT"]
    ports = [one for one in container.get("ports") or [] if isinstance(one, Mapping)]
    declared = [str(one.get("containerPort")) for one in ports]
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    named = PORT.findall(" ".join(map(str, words)))
    return _distinct([*master, *declared, str(TORCHRUN_PORT), *named])


def _distinct(ports: Iterable[str]) -> list[int]:
    numbers = [int(port) for port in ports if port.isdecimal()]
    valid = [number for number in numbers if 0 < number <= LARGEST_PORT]
    return list(dict.fromkeys(valid))[:MOST_PORTS]
