"""What can run a command; one module each, with the same names."""

from __future__ import annotations

from typing import Protocol

from kubectl_submit.execution import Execution
from kubectl_submit.execution_backends import kubernetes
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.parameters import ExecutionParameters


class ExecutionBackend(Protocol):
    """What every module here offers."""

    NAME_LIMIT: int
    """How long a run's name may be."""

    def render(self, parameters: ExecutionParameters) -> list[Node]:
        """The manifest of a run, without sending it."""

    def execute(self, parameters: ExecutionParameters, kubectl: Kubectl) -> Execution:
        """Send it."""


BACKENDS: dict[str, ExecutionBackend] = {"kubernetes": kubernetes}
