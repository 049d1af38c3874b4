"""The interface of an execution backend, for the whole life of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from kubectl_submit.model.execution import Execution
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState, pod_state
from kubectl_submit.model.run import Run, RunStatus
from kubectl_submit.model.run_details import Phase

if TYPE_CHECKING:  # a list of runs needs none of these
    from kubectl_submit.cli.options import Options
    from kubectl_submit.cluster.kubectl import Kubectl
    from kubectl_submit.manifests.tree import Node
    from kubectl_submit.model.image import Image
    from kubectl_submit.parameters.build_parameters import BuildParameters
    from kubectl_submit.parameters.execution_parameters import ExecutionParameters

OBJECT_VERBS = ("create", "get", "list", "watch", "patch", "delete")
"""The verbs that all commands need for the object that runs the command."""


class ExecutionBackend(Protocol):
    """One kind of execution. Each folder here defines one, as BACKEND in its module `backend`.

    `obj` is the object that runs the command, as the API server returns it.
    """

    name: str
    """The value of `--execution`."""
    kind: str
    """The kind of its object as kubectl names it: `job`."""
    object_kind: str
    """The same in a manifest: `Job`."""
    api: str
    """The API path of its group: `/apis/batch/v1`."""
    resource: str
    """The resource with its group, as permissions name it: `jobs.batch`."""
    name_limit: int
    """How many characters a run's name may have."""
    manifest: str
    """The default manifest, a file in manifests/."""
    override_type: str = "merge"
    """How `--overrides` is merged, as `kubectl patch --type` names it."""
    permissions: tuple[tuple[str, str], ...]
    """The permissions of a submit besides Jobs and pods: resource and verb."""
    records_outcome: bool = False
    """Whether outcomes are recorded on its object, because its pods may be gone or never end."""
    cluster_kind: str = ""
    """The kind of a child object; its events may say why there is no pod."""

    # From the options to what runs.

    def collect(self, options: Options) -> object:
        """The options that only this kind has, for its `render`. Raises UsageError."""

    def parameters(
        self,
        options: Options,
        argv: tuple[str, ...],
        build: BuildParameters | None,
        image: Image,
    ) -> ExecutionParameters:
        """What to run; without a build, the source says only who runs it. Raises UsageError."""
        from kubectl_submit.parameters.execution_parameters import collect_execution_parameters

        own = self.collect(options)
        return collect_execution_parameters(options, argv, build, image, self.name_limit, own)

    def render(self, parameters: ExecutionParameters) -> list[Node]:
        """The manifest of a run. Raises ManifestError."""

    def check(self, documents: list[Node], kubectl: Kubectl) -> None:
        """Ask the server whether it accepts the manifest. Raises ClusterError."""
        from kubectl_submit.cluster import creation
        from kubectl_submit.manifests import tree

        creation.create_manifest(tree.dump(documents), kubectl, dry_run=True)

    def create(self, documents: list[Node], kubectl: Kubectl) -> Execution:
        """Create the objects of the manifest, all or none. Raises ClusterError."""

    # From an object to what is followed and shown.

    def execution(self, obj: Object) -> Execution:
        """The execution to follow."""

    def state(self, obj: Object) -> ExecutionState:
        """The state of the object."""

    def status(self, obj: Object, pods: Iterable[Object]) -> RunStatus:
        """The status of the run; `pods` are its pods that have not succeeded."""

    def workers(self, obj: Object) -> tuple[int, int]:
        """How many workers are ready, and how many there should be."""

    def pods(self, obj: Object) -> int:
        """How many pods run at the same time, at most, with the volumes of the run."""
        return self.workers(obj)[1]

    def phases(
        self,
        run: Run,
        obj: Object,
        pods: Sequence[Object],
        states: Sequence[PodState],
        events: Sequence[Object],
    ) -> Iterable[Phase]:
        """The phases after the build that have begun; `events`: the run's, the newest last."""

    def worker(self, run: Run, state: PodState) -> PodState:
        """The state of a worker to show; may take the exit code from the run."""
        del run
        return state

    def gone(self, run: Run, obj: Object, there: set[int]) -> Iterable[tuple[int, str]]:
        """The workers whose pods are gone, by rank, with what happened to each."""
        del run, obj, there
        return ()

    def cancel_changes(self, obj: Object) -> Object:
        """The change to the object's spec that ends it for good."""

    # Pods that must run before the command.

    def prerequisite_state(self, pod: Object) -> PodState:
        """The state of such a pod."""
        return pod_state(pod, "")

    def prerequisite_reason(self, pods: Iterable[Object], events: Mapping[str, str]) -> str:
        """Which of them it waits for, and why; `events` by the name of a pod."""
        del pods, events
        return ""
