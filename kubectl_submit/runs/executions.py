"""What is to be followed of a run that exists already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.execution_backends.kubernetes.execution import execution as build_execution
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.run import Run
from kubectl_submit.model.run_details import Story
from kubectl_submit.runs import lookup
from kubectl_submit.runs.details import tell


def of_run(run: Run) -> Execution:
    """What runs the command. Raises ExecutionError where nothing does yet."""
    if run.main is None:
        raise ExecutionError(
            f"{run.name} has not begun: {run.standing.state}",
            remedy=f"See the build: kubectl submit logs --build -f {run.name}",
        )
    return by_kind(run.kind).execution(run.main)


def of_build(run: Run) -> Execution:
    """What builds, or built, its image in the cluster. Raises ExecutionError."""
    if run.build is None:
        raise ExecutionError(
            f"there is no build of {run.name} in the cluster",
            remedy="It was not built there, or the build's Job has been deleted after its time.",
        )
    return build_execution(run.build)


def pods(execution: Execution, kubectl: Kubectl) -> list[Object]:
    """Its pods, also those that have ended. Raises ClusterError."""
    found = kubectl.begin_list(execution.pods_path, labelSelector=execution.pod_selector)()
    if execution.retold:  # the last one tells all that the others have told
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))[-1:]
    return found


def story(run: Run, kubectl: Kubectl) -> Story:
    """All that the cluster knows of a run. Raises ClusterError."""
    execution = of_run(run) if run.main else of_build(run)
    events = kubectl.begin_list(execution.events_path)
    own = pods(execution, kubectl) if run.main else []
    return tell(run, own, execution.container, _events(events))


def story_of(execution: Execution, outcome: Outcome, kubectl: Kubectl) -> Story:
    """All that the cluster knows of what has just been followed to its outcome.

    Raises ClusterError, and ExecutionError where it is gone already.
    """
    found = lookup.named(kubectl, execution.namespace, execution.name)
    if not found:
        raise ExecutionError(
            f"{execution.kind}/{execution.name} is gone: {outcome.summary}",
            remedy="A longer --ttl keeps it for the document.",
        )
    told = story(found[0], kubectl)
    if outcome.exit_code == 0 and not told.run.has_ended:  # nobody waited for its end
        return told
    reason = told.run.standing.reason if outcome.plain else outcome.summary
    standing = replace(told.run.standing, exit_code=outcome.exit_code, reason=reason)
    return replace(told, run=replace(told.run, standing=standing))


def _events(asked: Callable[[], list[Object]]) -> list[Object]:
    try:
        return asked()
    except ClusterError:  # whoever may not see events sees the rest
        return []
