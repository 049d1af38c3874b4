"""Looks for the image of a commit in its registry, before anything is built."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from kubectl_submit.build_backends import docker, platforms
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_cache import suffix
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.process.pending import Pending


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What is known of an image before it is built."""

    reference: str
    """Its name from this machine, and the tag that it has or will have."""
    digest: str = ""
    """`sha256:…`, if the registry has it; one for another platform does not count."""
    platform: str = ""
    """The platform of the cluster's nodes, such as `linux/amd64`; empty if it is not known."""
    others: str = ""
    """For people: what has the commit's own tag, but is for another platform; else empty."""
    trouble: str = ""
    """docker's words, where it cannot tell whether there is one."""

    def report_others(self, output: Output) -> None:
        """Say why the image has another tag than the commit alone, if it has."""
        if self.others:
            output.status(self.others)

    def report_found(self, output: Output) -> None:
        """Say that the image is there, and need not be built."""
        output.status(f"image {self.reference} exists")


def start(
    parameters: BuildParameters, kubectl: Kubectl, patience: float = math.inf
) -> Pending[Lookup]:
    """Ask the registry for the image, and the cluster for the platform of its nodes.

    `patience`: how many seconds the registry may take once its answer is needed.
    """
    nodes = platforms.start_platform_check(kubectl, parameters.platform)
    plain = Lookup(reference=f"{parameters.push_name}:{parameters.tag}")
    asked = None if parameters.rebuild else docker.start_finding(plain.reference, patience)

    def answer() -> Lookup:
        lookup = replace(plain, platform=nodes.result())
        return _look(lookup, asked.result(), patience) if asked else lookup

    return Pending(answer)


def _look(lookup: Lookup, found: docker.Found, patience: float) -> Lookup:
    """The lookup with what there is; a tag of another platform gets an ending."""
    if platforms.fits(found.platforms, lookup.platform):
        return replace(lookup, digest=found.digest, trouble=found.trouble)
    have, wanted = ", ".join(found.platforms), lookup.platform
    others = f"{lookup.reference} is for {have}, not for {wanted}"
    reference = lookup.reference + suffix(wanted)
    found = docker.start_finding(reference, patience).result()
    if not platforms.fits(found.platforms, wanted):
        found = docker.Found()
    return replace(
        lookup, reference=reference, others=others, digest=found.digest, trouble=found.trouble
    )
