"""A kind of execution that exists in the tests alone: the command runs in a bare Pod.

With the line that its entry point adds to the table, it is all that a kind has to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends import ExecutionBackend, outcomes, run_status
from kubectl_submit.manifests import tree
from kubectl_submit.model import run as states
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.execution_state import ExecutionState
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import PodState, pod_state
from kubectl_submit.model.provenance import CANCELLED_BY, NAME_LABEL
from kubectl_submit.model.run import Run, RunStatus
from kubectl_submit.model.run_details import Phase, phase
from kubectl_submit.parameters.execution_parameters import ExecutionParameters

POD = """\
apiVersion: v1
kind: Pod
metadata: {}
spec: {restartPolicy: Never, containers: [{name: main}]}
"""


class PodBackend(ExecutionBackend):
    """Runs the command in a Pod."""

    name, kind, object_kind = "pod", "pod", "Pod"
    api, resource, name_limit, manifest = "/api/v1", "pods", 63, "job.yml"
    permissions = (("pods", "create"), ("pods", "patch"))

    def collect(self, options: Options) -> object:
        del options
        return None

    def render(self, parameters: ExecutionParameters) -> list[tree.Node]:
        from kubectl_submit.execution_backends import worker_pod

        [pod] = tree.load(POD, "pod.yml")
        worker_pod.identify(pod, parameters)
        [container] = pod["spec"]["containers"]
        container["image"], container["command"] = parameters.image.reference, [*parameters.argv]
        return [pod]

    def create(self, documents: list[tree.Node], kubectl: Kubectl) -> Execution:
        return self.execution(creation.create(documents, "Pod", kubectl))

    def execution(self, obj: Object) -> Execution:
        name, namespace = obj["metadata"]["name"], obj["metadata"]["namespace"]
        return Execution(
            kind=self.kind,
            name=name,
            namespace=namespace,
            uid=obj["metadata"]["uid"],
            object_path=f"/api/v1/namespaces/{namespace}/pods",
            workers=1,
            pod_selector=f"{NAME_LABEL}={name}",
            container="main",
        )

    def state(self, obj: Object) -> ExecutionState:
        phase, by = obj["status"].get("phase"), obj["metadata"]["annotations"].get(CANCELLED_BY, "")
        reason = "DeadlineExceeded" if obj["status"].get("reason") else ""
        return ExecutionState(
            succeeded=phase == "Succeeded",
            failed=phase == "Failed",
            settled=phase in ("Succeeded", "Failed"),
            cancelled_by=by,
            reason=reason,
        )

    def status(self, obj: Object, pods: Iterable[Object]) -> RunStatus:
        pod, by = pod_state(obj, "main"), obj["metadata"]["annotations"].get(CANCELLED_BY)
        outcome = outcomes.outcome(self.state(obj), [pod], 1)
        if by:
            return run_status.cancelled(by, ended=outcome is not None)
        if outcome and outcome.exit_code:
            return RunStatus(
                state=states.FAILED, reason=outcome.summary, exit_code=outcome.exit_code
            )
        if outcome:
            return run_status.succeeded(outcome)
        return RunStatus(state=states.RUNNING) if pod.started else run_status.pending([pod])

    def workers(self, obj: Object) -> tuple[int, int]:
        return int(obj["status"].get("phase") == "Running"), 1

    def phases(
        self,
        run: Run,
        obj: Object,
        pods: Sequence[Object],
        states: Sequence[PodState],
        events: Sequence[Object],
    ) -> Iterable[Phase]:
        for state in states:
            yield phase("run", state.started_at, state.finished_at, open_end=not run.has_ended)

    def cancel_changes(self, obj: Object) -> Object:
        return {"activeDeadlineSeconds": 1}


BACKEND = PodBackend()
