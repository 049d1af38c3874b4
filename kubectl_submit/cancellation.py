"""Cancels a run so that it ends for good, and so that everybody sees by whom."""

from __future__ import annotations

from kubectl_submit.kubectl import Kubectl, Object
from kubectl_submit.provenance import CANCELLED_BY
from kubectl_submit.run import Run


def cancel(run: Run, kubectl: Kubectl, who: str) -> None:
    """End whatever runs, waits or builds of a run; its objects stay. Raises ClusterError."""
    if run.main:
        kubectl.patch(run.kind, run.name, run.namespace, changes(run.kind, run.main, who))
    elif run.build:
        name = run.build["metadata"]["name"]
        kubectl.patch("job", name, run.namespace, changes("job", run.build, who))


def delete(run: Run, kubectl: Kubectl) -> None:
    """Delete a run with everything that belongs to it. Raises ClusterError."""
    if run.main:
        kubectl.delete(run.kind, run.name, run.namespace)
    kubectl.delete("job", f"{run.name}-build", run.namespace)


def changes(kind: str, obj: Object, who: str) -> Object:
    """What to change in a Job or a RayJob: a deadline that has passed ends both kinds for good.

    A suspended Job has no deadline. It succeeds at once if no pod is asked for, where the pods
    have ranks; otherwise it is resumed with no pod to start, until its deadline. Pure.
    """
    spec: Object = {"activeDeadlineSeconds": 1}
    if kind == "job" and obj["spec"].get("suspend"):
        if obj["spec"].get("completionMode") == "Indexed":
            spec = {"completions": 0, "parallelism": 0}
        else:
            spec |= {"parallelism": 0, "suspend": False}
    return {"metadata": {"annotations": {CANCELLED_BY: who}}, "spec": spec}
