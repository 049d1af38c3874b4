"""Finds the GPUs that are meant by a part of their name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kubectl_submit.model.gpus import GpuNode


def labels_of_type(nodes: Iterable[GpuNode], wanted: str) -> dict[str, list[str]]:
    """The labels, with their values, that nodes with GPUs of the wanted type have.

    >>> node = GpuNode(name="n", types={"a": "NVIDIA-H100-PCIe"}, total=8, usable=True, taints=(),
    ...                holders=())
    >>> labels_of_type([node], "h100")
    {'a': ['NVIDIA-H100-PCIe']}
    """
    named = [(label, name) for node in nodes for label, name in node.types.items()]
    names = set(matching(wanted, [name for _, name in named]))
    found: dict[str, list[str]] = {}
    for label, name in dict.fromkeys(named):
        if name in names:
            found.setdefault(label, []).append(name)
    return found


def matching(wanted: str, names: Sequence[str]) -> list[str]:
    """The names that have the wanted one as a part, whole words before parts of words.

    A number is never cut: A10 is no part of A100.

    >>> matching("l40", ["NVIDIA-L40", "NVIDIA-L40S", "NVIDIA-L4"])
    ['NVIDIA-L40']
    >>> matching("A10", ["a10g", "NVIDIA-A100-SXM4-40GB"])
    ['a10g']
    """
    plain = _joined(wanted)
    part = re.escape(plain)
    before = "(?<![0-9])" if plain[:1].isdigit() else ""
    after = "(?![0-9])" if plain[-1:].isdigit() else ""
    found = [name for name in names if re.search(f"{before}{part}{after}", _joined(name))]
    words = rf"(?<![a-z0-9]){part}(?![a-z0-9])"
    return [name for name in found if re.search(words, _joined(name))] or found


def _joined(name: str) -> str:
    """A name as it is compared: labels have no spaces."""
    return re.sub(r"[\s_-]+", "-", name.strip()).lower()
