"""For which platform a local build is: that of the cluster's nodes, as far as they can be seen."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import ClusterError
from kubectl_submit.process.pending import Pending

ARCHITECTURE_LABEL = "kubernetes.io/arch"
NODES = "/api/v1/nodes"
# What uname calls what Go, and so Kubernetes and docker, call otherwise.
NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def here() -> str:
    """The platform that docker builds for on this machine, where nothing else is said.

    That is DOCKER_DEFAULT_PLATFORM, of several the first, or this machine's own.
    """
    said = os.environ.get("DOCKER_DEFAULT_PLATFORM", "").partition(",")[0].strip().lower()
    system, slash, machine = said.partition("/")
    machine = machine.partition("/")[0] if slash else said or platform.machine().lower()
    return f"{system if slash else 'linux'}/{NAMES.get(machine, machine)}"


def start_platform_check(kubectl: Kubectl, wanted: str | None) -> Pending[str]:
    """Ask which platform to build for: that of the nodes; empty if nobody knows.

    That of this machine, if a node has it: one node is asked for, however many there are.
    """
    if wanted:
        return Pending(lambda: wanted)
    selector = f"{ARCHITECTURE_LABEL}={here().partition('/')[2]}"
    asked = kubectl.start_list(NODES, labelSelector=selector, limit="1")

    def answer() -> str:
        try:
            if asked.result():
                return here()
            nodes = kubectl.start_list(NODES, limit="1").result()
        except ClusterError:  # most users may not see nodes
            return ""
        labels = (one["metadata"].get("labels") or {} for one in nodes)
        found = (one[ARCHITECTURE_LABEL] for one in labels if ARCHITECTURE_LABEL in one)
        return next((f"linux/{architecture}" for architecture in found), "")

    return Pending(answer)


def fits(platforms: Sequence[str], wanted: str) -> bool:
    """Whether an image that is for some platforms runs where it is wanted, as far as is known.

    A variant (`linux/arm64/v8`) is left to whoever pulls.
    """
    if not platforms or not wanted:
        return True
    have = {"/".join(one.split("/")[:2]) for one in platforms}
    return all("/".join(one.strip().split("/")[:2]) in have for one in wanted.split(","))
