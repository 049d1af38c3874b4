"""Gives the executions, pods and details of existing runs."""

from __future__ import annotations

from dataclasses import replace

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.execution_backends.kubernetes.execution import execution as build_execution
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import Run
from kubectl_submit.model.run_details import RunDetails
from kubectl_submit.process.pending import Pending
from kubectl_submit.runs import details, lookup


def execution_for_run(run: Run) -> Execution:
    """The execution of a run's command. Raises ExecutionError if there is none yet."""
    if run.main is None:
        raise ExecutionError(
            f"{run.name} has not begun: {run.status.state}",
            code=ErrorCode.RUN_NOT_BEGUN,
            remedy=f"See the build: kubectl submit logs --build -f {run.name}",
        )
    return by_kind(run.kind).execution(run.main)


def execution_for_build(run: Run) -> Execution:
    """The execution of a run's build in the cluster. Raises ExecutionError if there is none."""
    if run.build is None:
        raise ExecutionError(
            f"there is no build of {run.name} in the cluster",
            code=ErrorCode.RUN_WITHOUT_BUILD,
            remedy="The image was not built there, or the finished build Job was deleted.",
        )
    return build_execution(run.build)


def pods(execution: Execution, kubectl: Kubectl) -> list[Object]:
    """The pods of an execution, including ended ones. Raises ClusterError."""
    found = kubectl.start_list(execution.pods_path, labelSelector=execution.pod_selector).result()
    if execution.restarts_from_beginning:  # the last pod repeats all earlier lines
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))[-1:]
    return found


def details_of(run: Run, kubectl: Kubectl) -> RunDetails:
    """The details of a run. Raises ClusterError."""
    execution = execution_for_run(run) if run.main else execution_for_build(run)
    events = kubectl.start_list(execution.events_path)
    own = pods(execution, kubectl) if run.main else []
    return details.run_details(run, own, execution.container, _events(events))


def details_of_outcome(execution: Execution, outcome: Outcome, kubectl: Kubectl) -> RunDetails:
    """The details of a run that was just followed to its outcome.

    Raises ClusterError, and ExecutionError if the run is already gone.
    """
    found = lookup.named(kubectl, execution.namespace, execution.name)
    if not found:
        raise ExecutionError(
            f"{execution.kind}/{execution.name} is gone: {outcome.summary}",
            code=ErrorCode.RUN_DELETED,
            remedy="A longer --ttl keeps it for the document.",
        )
    known = details_of(found[0], kubectl)
    if outcome.exit_code == 0 and not known.run.has_ended:  # after --detach
        return known
    reason = known.run.status.reason if outcome.plain else outcome.summary
    status = replace(known.run.status, exit_code=outcome.exit_code, reason=reason)
    return replace(known, run=replace(known.run, status=status))


def _events(asked: Pending[list[Object]]) -> list[Object]:
    try:
        return asked.result()
    except ClusterError:  # show the rest without events
        return []
