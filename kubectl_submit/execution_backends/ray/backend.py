"""RayJobs of KubeRay: each run has a Ray cluster of its own, which ends with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kubectl_submit.execution_backends.backend import OBJECT_VERBS, ExecutionBackend
from kubectl_submit.execution_backends.ray import (
    cluster_pods,
    execution,
    parameters,
    phases,
    ray_job_state,
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


class RayBackend(ExecutionBackend):
    """Runs the command as a RayJob."""

    name = "ray"
    kind = "rayjob"
    object_kind = "RayJob"
    api = "/apis/ray.io/v1"
    resource = "rayjobs.ray.io"
    name_limit = 47  # KubeRay's: it makes other names of it
    manifest = "ray-job.yml"
    permissions = tuple(("rayjobs.ray.io", verb) for verb in OBJECT_VERBS)
    cluster_kind = "RayCluster"

    def collect(self, options: Options) -> object:
        """RayParameters."""
        return parameters.collect_ray_parameters(options)

    def render(self, parameters: ExecutionParameters) -> list[Node]:
        """The RayJob, and what else the user's manifest contains."""
        from kubectl_submit.execution_backends.ray import render

        return render.render(parameters)

    def check(self, documents: list[Node], kubectl: Kubectl) -> None:
        """Ask the server whether it would take it."""
        from kubectl_submit.execution_backends.ray import creation

        creation.check(documents, kubectl)

    def create(self, documents: list[Node], kubectl: Kubectl) -> Execution:
        """Create the RayJob and what belongs to it."""
        from kubectl_submit.execution_backends.ray import creation

        return creation.create(documents, kubectl)

    def execution(self, obj: Object) -> Execution:
        """The pod of the submitter, which prints the command's output."""
        return execution.execution(obj)

    def state(self, obj: Object) -> ExecutionState:
        """Its status; the exit code is in its message."""
        return ray_job_state.job_state(obj)

    def status(self, obj: Object, pods: Iterable[Object]) -> RunStatus:
        """As the RayJob says, and before it begins, as head and workers say."""
        return status.status(obj, pods)

    def workers(self, obj: Object) -> tuple[int, int]:
        """The workers of its Ray cluster; the head is none."""
        cluster = obj.get("status", {}).get("rayClusterStatus", {})
        groups = obj["spec"].get("rayClusterSpec", {}).get("workerGroupSpecs", [])
        wanted = sum(group.get("replicas", 0) for group in groups)
        return cluster.get("readyWorkerReplicas", 0), cluster.get("desiredWorkerReplicas", wanted)

    def pods(self, obj: Object) -> int:
        """The head, and as many workers as there may be."""
        groups = obj["spec"].get("rayClusterSpec", {}).get("workerGroupSpecs") or []
        return 1 + sum(group.get("maxReplicas") or group.get("replicas") or 0 for group in groups)

    def phases(
        self,
        run: Run,
        obj: Object,
        pods: Sequence[Object],
        states: Sequence[PodState],
        events: Sequence[Object],
    ) -> Iterable[Phase]:
        """`queue`, `cluster`, `start`, `run`: KubeRay keeps the times."""
        del pods, states, events
        return phases.phases(run, obj)

    def worker(self, run: Run, state: PodState) -> PodState:
        """The submitter with the exit code of the command."""
        return phases.worker(run, state)

    def cancel_changes(self, obj: Object) -> Object:
        """A deadline that has passed."""
        del obj
        return {"activeDeadlineSeconds": 1}

    def prerequisite_state(self, pod: Object) -> PodState:
        """A pod of the cluster, by the container that is Ray's."""
        return cluster_pods.cluster_pod_state(pod)

    def prerequisite_reason(self, pods: Iterable[Object], events: Mapping[str, str]) -> str:
        """The head comes first, then the workers."""
        return cluster_pods.cluster_reason(pods, events)


BACKEND = RayBackend()
