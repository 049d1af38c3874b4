"""Where a builder is."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.model import builder


@dataclass(frozen=True, kw_only=True)
class Place:
    """A builder's name, and where it is."""

    name: str
    namespace: str
    kubectl: Kubectl

    @property
    def selector(self) -> str:
        """The label of its objects."""
        return f"{builder.BUILDER_LABEL}={self.name}"
