"""What can build an image; one module each, with the same names, imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:  # an image that is given needs none of these before the registry is asked
    from kubectl_submit.build_backends import local, remote
    from kubectl_submit.build_backends.image_lookup import Lookup
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.manifests.tree import Node
    from kubectl_submit.model.image import Image
    from kubectl_submit.output import Output
    from kubectl_submit.parameters.build_parameters import BuildParameters
    from kubectl_submit.process.pending import Pending


class BuildBackend(Protocol):
    """What every module here offers."""

    def render(self, parameters: BuildParameters) -> list[Node]:
        """What it would create in the cluster, without sending it."""

    def start_lookup(self, parameters: BuildParameters, kubectl: Kubectl) -> Pending[Lookup]:
        """Ask, where this machine can, whether the image exists."""

    def build(
        self,
        parameters: BuildParameters,
        asked: Pending[Lookup],
        kubectl: Kubectl,
        output: Output,
    ) -> Image:
        """The image of the parameters, built and pushed unless it exists."""


def load(name: str) -> BuildBackend:
    """The backend of a name in options.BUILDS."""
    return cast("BuildBackend", import_module(f"{__name__}.{name}"))


if TYPE_CHECKING:  # mypy compares each module with the Protocol
    BACKENDS: dict[str, BuildBackend] = {"local": local, "remote": remote}
