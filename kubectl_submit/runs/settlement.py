"""Concludes a run that was followed to its outcome, after the event loop was closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.errors import ClusterError, ExecutionError
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.output import Output
from kubectl_submit.runs import cancellation


def settle(
    execution: Execution,
    outcome: Outcome,
    kubectl: Kubectl,
    warn: Callable[[str], None],
    *,
    maybe_evicted: bool = False,
) -> Outcome:
    """End a Job that does not end, record what the cluster forgets, and read the last lines.

    Returns the outcome with those lines. It stays the same if the user may not change the Job.
    `maybe_evicted`: a success is asked about, as it may have been an eviction.
    """
    recorded = by_kind(execution.kind).records_outcome
    if maybe_evicted and outcome.plain and recorded:
        outcome = _success_or_eviction(execution, outcome, kubectl)
    if recorded and (outcome.ends_job or outcome.fleeting):
        try:
            cancellation.conclude(execution, outcome, kubectl)
        except ClusterError as error:
            if outcome.ends_job:
                warn(f"warning: {execution.kind}/{execution.name} goes on, {error}")
    if not outcome.log_source or outcome.last_words:
        return outcome
    return replace(outcome, last_words=_last_lines(execution, outcome.log_source, kubectl))


def _success_or_eviction(execution: Execution, outcome: Outcome, kubectl: Kubectl) -> Outcome:
    """The successful outcome, noting the eviction of a pod whose command then exited 0.

    The status of such a pod is Succeeded; only an event shows the eviction (kubernetes#141483).
    """
    try:
        events = kubectl.start_list(execution.events_path, fieldSelector="reason=Evicted").result()
    except ClusterError:
        return outcome
    for event in events:
        of_the_run, dash, rest = event["involvedObject"]["name"].partition(f"{execution.name}-")
        if dash and not of_the_run:
            who = f"worker {rest.partition('-')[0]} " if execution.workers > 1 else ""
            why = f"Evicted: {str(event.get('message', '')).strip()}"
            said = f"succeeded, but {who}exited 0 when asked to stop ({why})"
            return replace(outcome, summary=said, fleeting=True)
    return outcome


def explain(execution: Execution, error: ExecutionError, kubectl: Kubectl) -> None:
    """Add the last lines of the container that kept a run from starting."""
    if error.log_source:
        lines = _last_lines(execution, error.log_source, kubectl)
        error.last_words = "\n".join(filter(None, [error.last_words, lines]))


def report(execution: Execution, outcome: Outcome, output: Output) -> None:
    """Report how a run ended, unless it simply succeeded."""
    if outcome.summary and not outcome.plain:
        said = f"{execution.kind}/{execution.name}: {outcome.summary}"
        output.error("\n".join(filter(None, [said, outcome.last_words.rstrip()])))


def _last_lines(execution: Execution, log_source: tuple[str, str], kubectl: Kubectl) -> str:
    pod, container = log_source
    return kubectl.last_lines(execution.namespace, pod, container)
