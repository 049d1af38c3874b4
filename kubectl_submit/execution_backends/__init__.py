"""What can run a command; one module each, with the same names, imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Execution
from kubectl_submit.parameters.collection import ExecutionParameters


class ExecutionBackend(Protocol):
    """What every module here offers."""

    NAME_LIMIT: int
    """How long a run's name may be."""

    def render(self, parameters: ExecutionParameters) -> list[Node]:
        """The manifest of a run, without sending it."""

    def execute(self, documents: list[Node], kubectl: Kubectl) -> Execution:
        """Send what was rendered."""


def load(name: str) -> ExecutionBackend:
    """The backend of a name in options.EXECUTIONS."""
    return cast("ExecutionBackend", import_module(f"{__name__}.{name}.backend"))


if TYPE_CHECKING:  # mypy compares each module with the Protocol
    from kubectl_submit.execution_backends.kubernetes import backend as kubernetes
    from kubectl_submit.execution_backends.ray import backend as ray

    BACKENDS: dict[str, ExecutionBackend] = {"kubernetes": kubernetes, "ray": ray}
