"""The backend for Jobs, which is the default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kubectl_submit.execution_backends.backend import ExecutionBackend
from kubectl_submit.execution_backends.kubernetes import (
    cancel,
    execution,
    job_state,
    phases,
    status,
)
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Run, RunStatus
from kubectl_submit.model.run_details import Phase

if TYPE_CHECKING:  # a list of runs needs none of these
    from kubectl_submit.cli.options import Options
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.manifests.tree import Node
    from kubectl_submit.parameters.execution_parameters import ExecutionParameters


class KubernetesBackend(ExecutionBackend):
    """Runs the command as an Indexed Job."""

    name = "kubernetes"
    kind = "job"
    object_kind = "Job"
    api = "/apis/batch/v1"
    resource = "jobs.batch"
    name_limit = 52  # a worker's host is `<name>-<rank>`, a DNS label of at most 63 characters
    manifest = "job.yml"
    records_outcome = True
    override_type = "strategic"
    permissions = (("services", "create"),)  # where workers find each other

    def collect(self, options: Options) -> object:
        """Nothing: all its options are those of every kind."""
        del options
        return None

    def render(self, parameters: ExecutionParameters) -> list[Node]:
        """The Job, with several workers their Services, and what else the manifest has."""
        from kubectl_submit.execution_backends.kubernetes import render

        return render.render(parameters)

    def create(self, documents: list[Node], kubectl: Kubectl) -> Execution:
        """Create the Job and what belongs to it."""
        from kubectl_submit.execution_backends.kubernetes import job

        return job.create(documents, kubectl)

    def execution(self, obj: Object) -> Execution:
        """The pods of the Job, and the container of the command in them."""
        return execution.execution(obj)

    def state(self, obj: Object) -> ExecutionState:
        """Its conditions and counts."""
        return job_state.job_state(obj)

    def status(self, obj: Object, pods: Iterable[Object]) -> RunStatus:
        """As the Job says, and as long as it says nothing, as its pods say."""
        return status.status(obj, pods, self.workers(obj)[1])

    def workers(self, obj: Object) -> tuple[int, int]:
        """Those that are ready, and the Job's completions."""
        spec = obj["spec"]
        wanted = spec.get("completions", spec.get("parallelism", 1))
        return obj.get("status", {}).get("ready", 0), wanted

    def phases(
        self,
        run: Run,
        obj: Object,
        pods: Sequence[Object],
        states: Sequence[PodState],
        events: Sequence[Object],
    ) -> Iterable[Phase]:
        """`queue`, `pull`, `start`, `run`, from its pods and their events."""
        return phases.phases(run, obj, pods, states, events)

    def gone(self, run: Run, obj: Object, there: set[int]) -> Iterable[tuple[int, str]]:
        """The Job deletes the pods that run when it fails."""
        return phases.gone(run, obj, there)

    def cancel_changes(self, obj: Object) -> Object:
        """A deadline that has passed, or, where it is suspended, no pods."""
        return cancel.changes(obj)


BACKEND = KubernetesBackend()
