"""Runs `gpus`; its options are declared in cli/options/subcommands/gpus.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kubectl_submit.cli.options.subcommands.gpus import GpusOptions
from kubectl_submit.cluster import gpu_inventory
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.model.gpus import GpuNode, GpuType, Holder, gpu_types
from kubectl_submit.output import Output
from kubectl_submit.runs import documents
from kubectl_submit.runs.table import aligned

COLUMNS = ("TYPE", "NODES", "GPUS", "FREE", "TAINTS", "HELD BY")


def run(options: GpusOptions, words: tuple[str, ...], output: Output) -> int:
    """Show the GPUs and return 0. Raises ClusterError."""
    del words
    types = gpu_types(gpu_inventory.read(Kubectl.from_options(options), options.gpu_resource))
    if options.output:
        output.data([documents.text(document(types), options.output)])
    elif types:
        output.data(aligned([COLUMNS, *map(_row, types)]))
    else:
        output.status(f"no node has {options.gpu_resource}")
    if any(one.free is None for one in types):
        output.status("you may not list the pods of all namespaces, so nobody knows what is free")
    return 0


def document(types: Sequence[GpuType]) -> documents.Document:
    """The types as a document, described in docs/json.md."""
    return {
        "apiVersion": documents.API_VERSION,
        "kind": "GpuTypeList",
        "items": [
            {
                "type": one.name,
                "total": one.total,
                "free": one.free,
                "nodes": [_node(node) for node in one.nodes],
            }
            for one in types
        ],
    }


def _node(node: GpuNode) -> documents.Document:
    holders = node.holders
    return {
        "name": node.name,
        "total": node.total,
        "free": node.free,
        "usable": node.usable,
        "labels": dict(node.types),
        "taints": list(node.taints),
        "holders": None if holders is None else [_holder(one) for one in holders],
    }


def _holder(holder: Holder) -> documents.Document:
    return {
        "namespace": holder.namespace,
        "pod": holder.pod,
        "run": holder.run or None,
        "createdBy": holder.created_by or None,
        "gpus": holder.gpus,
    }


def _row(one: GpuType) -> list[str]:
    holders = [holder for node in one.nodes for holder in node.holders or ()]
    taints = dict.fromkeys(taint for node in one.nodes for taint in node.taints)
    free = "?" if one.free is None else str(one.free)
    held = _held_by(holders) or ("?" if one.free is None else "-")
    return [
        *(one.name, str(len(one.nodes)), str(one.total), free),
        *(", ".join(taints) or "-", held),
    ]


def _held_by(holders: Iterable[Holder]) -> str:
    """Who holds how many, the largest first: `ada: 8 (team/train-x2k4z), team/notebook-0: 1`."""
    held: Counter[str] = Counter()
    runs: dict[str, dict[str, None]] = {}
    for one in holders:
        place = f"{one.namespace}/{one.run or one.pod}"
        who = one.created_by or place
        held[who] += one.gpus
        runs.setdefault(who, {})[place] = None
    return ", ".join(
        f"{who}: {gpus}" + (f" ({', '.join(runs[who])})" if [who] != list(runs[who]) else "")
        for who, gpus in held.most_common()
    )
