"""What can build an image; one module each, with the same name."""

from __future__ import annotations

from typing import Protocol

from kubectl_submit.build_backends import local, remote
from kubectl_submit.image import Image
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.output import Output
from kubectl_submit.parameters import BuildParameters


class BuildBackend(Protocol):
    """What every module here offers."""

    def build(self, parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
        """The image of the parameters, built and pushed unless it exists."""


BACKENDS: dict[str, BuildBackend] = {"local": local, "remote": remote}
