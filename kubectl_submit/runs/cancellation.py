"""Ends a run for good, and records by whom or why."""

from __future__ import annotations

import json

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import CANCELLED_BY, OUTCOME
from kubectl_submit.model.run import Run
from kubectl_submit.runs import build_followers


def cancel(run: Run, kubectl: Kubectl, who: str) -> None:
    """End whatever runs, waits or builds of a run; its objects stay. Raises ClusterError."""
    if run.main:
        kubectl.patch(run.kind, [run.name], run.namespace, changes(run.kind, run.main, who))
    elif run.build:
        name = run.build["metadata"]["name"]
        kubectl.patch("job", [name], run.namespace, _build_changes(run, run.build, who))


def conclude(name: str, namespace: str, outcome: Outcome, kubectl: Kubectl) -> None:
    """Record on a Job how its commands ended, and end it where it does not. Raises ClusterError."""
    record = json.dumps({"exitCode": outcome.exit_code, "summary": outcome.summary})
    change: Object = {"metadata": {"annotations": {OUTCOME: record}}}
    if outcome.ends_job:
        change["spec"] = {"activeDeadlineSeconds": 1}
    kubectl.patch("job", [name], namespace, change)


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
    """What to change in the Job that builds a run's image: it goes on where others want it."""
    follower = build_followers.followers(build).get(run.name)
    if follower and build_followers.others(build, run.name):
        return {"metadata": {"annotations": build_followers.cancelled(follower, who)}}
    return changes("job", build, who)


def changes(kind: str, obj: Object, who: str) -> Object:
    """The change to an object of that kind that ends it and records by whom."""
    annotations = {CANCELLED_BY: who}
    return {"metadata": {"annotations": annotations}, "spec": by_kind(kind).cancel_changes(obj)}
