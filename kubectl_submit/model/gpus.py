"""The GPUs of a cluster: which types there are, on which nodes, how many are free. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import NAME_LABEL, PREFIX

TYPE_LABELS = (
    "nvidia.com/gpu.product",  # NVIDIA's GPU feature discovery: on any cluster
    "amd.com/gpu.product-name",  # AMD's node labeller
    "cloud.google.com/gke-accelerator",  # GKE
    "eks.amazonaws.com/instance-gpu-name",  # EKS Auto Mode
    "karpenter.k8s.aws/instance-gpu-name",  # Karpenter on AWS
    "k8s.amazonaws.com/accelerator",  # the cluster autoscaler on AWS
    "gpu.nvidia.com/class",  # CoreWeave
)
"""The labels of nodes that name the type of their GPUs, the most exact first."""
INSTANCE_LABEL = "node.kubernetes.io/instance-type"
"""Where none of them is, as on AKS: `Standard_ND96isr_H100_v5`."""
UNKNOWN = "unknown"
CREATED_BY = f"{PREFIX}created-by"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A pod that holds GPUs."""

    namespace: str
    pod: str
    run: str
    """The name of the run that it belongs to; empty if it belongs to none."""
    created_by: str
    """Who submitted the run; empty if it is none."""
    node: str
    gpus: int


@dataclass(frozen=True, kw_only=True)
class GpuNode:
    """A node with GPUs."""

    name: str
    types: Mapping[str, str]
    """The names that its labels have for its GPUs, by label, the best name first."""
    total: int
    usable: bool
    """Whether it is ready, and takes new pods."""
    taints: tuple[str, ...]
    """As `kubectl taint` spells them."""
    holders: tuple[Holder, ...] | None
    """None: not known."""

    @property
    def type(self) -> str:
        """The best name for its GPUs."""
        return next(iter(self.types.values()), UNKNOWN)

    @property
    def free(self) -> int | None:
        """How many GPUs a new pod can have there; None: not known."""
        if self.holders is None:
            return None
        held = sum(one.gpus for one in self.holders)
        return max(0, self.total - held) if self.usable else 0


@dataclass(frozen=True, kw_only=True)
class GpuType:
    """The nodes with GPUs of one type."""

    name: str
    nodes: tuple[GpuNode, ...]

    @property
    def total(self) -> int:
        """How many GPUs there are."""
        return sum(node.total for node in self.nodes)

    @property
    def free(self) -> int | None:
        """How many of them are free; None: not known."""
        free = [node.free for node in self.nodes]
        return None if None in free else sum(one or 0 for one in free)


def gpu_nodes(
    nodes: Iterable[Object], pods: Iterable[Object] | None, resource: str
) -> list[GpuNode]:
    """The nodes that have GPUs; `pods`: all that may hold some, None if they are not known."""
    by_node: dict[str, list[Holder]] = {}
    for pod in pods or ():
        holder = _holder(pod, resource)
        if holder:
            by_node.setdefault(holder.node, []).append(holder)
    found = []
    for node in nodes:
        name = node["metadata"]["name"]
        holders = None if pods is None else tuple(by_node.get(name, ()))
        one = _node(node, holders, resource)
        if one.total or set(one.types) - {INSTANCE_LABEL}:
            found.append(one)
    return found


def gpu_types(nodes: Iterable[GpuNode]) -> list[GpuType]:
    """The types of GPUs, by name."""
    by_type: dict[str, list[GpuNode]] = {}
    for node in nodes:
        by_type.setdefault(node.type, []).append(node)
    return [GpuType(name=name, nodes=tuple(by_type[name])) for name in sorted(by_type)]


def _node(node: Object, holders: tuple[Holder, ...] | None, resource: str) -> GpuNode:
    labels, status = node["metadata"].get("labels") or {}, node.get("status") or {}
    spec = node.get("spec") or {}
    total = int((status.get("allocatable") or {}).get(resource, 0))
    types = {label: labels[label] for label in TYPE_LABELS if labels.get(label)}
    if not types and labels.get(INSTANCE_LABEL):
        types = {INSTANCE_LABEL: labels[INSTANCE_LABEL]}
    ready = any(
        one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or []
    )
    return GpuNode(
        name=node["metadata"]["name"],
        types=types,
        total=total,
        usable=ready and not spec.get("unschedulable"),
        taints=tuple(_taint(one) for one in spec.get("taints") or []),
        holders=holders,
    )


def _taint(taint: Object) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _holder(pod: Object, resource: str) -> Holder | None:
    """What a pod holds; None if it has no node, or no GPU."""
    metadata, spec = pod["metadata"], pod["spec"]
    gpus = _gpus(spec, resource)
    if not (gpus and spec.get("nodeName")):
        return None
    return Holder(
        namespace=metadata["namespace"],
        pod=metadata["name"],
        run=(metadata.get("labels") or {}).get(NAME_LABEL, ""),
        created_by=(metadata.get("annotations") or {}).get(CREATED_BY, ""),
        node=spec["nodeName"],
        gpus=gpus,
    )


def _gpus(spec: Object, resource: str) -> int:
    """What the scheduler counts for a pod: init containers run before the others, but sidecars."""
    before = spec.get("initContainers") or []
    sidecars = [one for one in before if one.get("restartPolicy") == "Always"]
    together = sum(_limit(one, resource) for one in [*spec["containers"], *sidecars])
    return max([together, *(_limit(one, resource) for one in before)])


def _limit(container: Object, resource: str) -> int:
    limits = (container.get("resources") or {}).get("limits") or {}
    return int(limits.get(resource, 0))
