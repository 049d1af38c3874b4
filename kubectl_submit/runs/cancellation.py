"""Cancels or deletes a run, and records who or what ended it."""

from __future__ import annotations

import json

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import CANCELLED_BY, OUTCOME
from kubectl_submit.model.run import Run
from kubectl_submit.runs import build_followers


def cancel(run: Run, kubectl: Kubectl, who: str) -> None:
    """End a run in any state; its objects stay. Raises ClusterError."""
    if run.main:
        kubectl.patch(run.kind, [run.name], run.namespace, changes(run.kind, run.main, who))
    elif run.build:
        name = run.build["metadata"]["name"]
        kubectl.patch("job", [name], run.namespace, _build_changes(run, run.build, who))


def conclude(execution: Execution, outcome: Outcome, kubectl: Kubectl) -> None:
    """Record an outcome on the object that runs, and end one that does not end on its own.

    Raises ClusterError.
    """
    record = json.dumps({"exitCode": outcome.exit_code, "summary": outcome.summary})
    change: Object = {"metadata": {"annotations": {OUTCOME: record}}}
    if outcome.ends_job:
        change["spec"] = {"activeDeadlineSeconds": 1}
    kubectl.patch(execution.kind, [execution.name], execution.namespace, change)


def delete(run: Run, kubectl: Kubectl) -> None:
    """Delete a run with everything that belongs to it. Raises ClusterError."""
    if run.main:
        kubectl.delete(run.kind, run.name, run.namespace)
    if run.build and build_followers.others(run.build, run.name):
        removed = {"metadata": {"annotations": build_followers.removed(run.name)}}
        kubectl.patch("job", [run.build["metadata"]["name"]], run.namespace, removed)
    elif run.build:
        kubectl.delete("job", run.build["metadata"]["name"], run.namespace)


def _build_changes(run: Run, build: Object, who: str) -> Object:
    """The change that cancels a run's build; the Job goes on if others follow it."""
    follower = build_followers.followers(build).get(run.name)
    if follower and build_followers.others(build, run.name):
        return {"metadata": {"annotations": build_followers.cancelled(follower, who)}}
    return changes("job", build, who)


def changes(kind: str, obj: Object, who: str) -> Object:
    """The change that ends an object of that kind and records who did it."""
    annotations = {CANCELLED_BY: who}
    return {"metadata": {"annotations": annotations}, "spec": by_kind(kind).cancel_changes(obj)}
