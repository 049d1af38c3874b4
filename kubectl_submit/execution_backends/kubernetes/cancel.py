"""The change that ends a Job for good. Pure; fields are those of batch/v1."""

from __future__ import annotations

from kubectl_submit.model.objects import Object


def changes(job: Object) -> Object:
    """What to change in its spec: a deadline that has passed ends it.

    A suspended Job has no deadline. It succeeds at once if no pod is asked for, where the pods
    have ranks; otherwise it is resumed with no pod to start, until its deadline.
    """
    if not job["spec"].get("suspend"):
        return {"activeDeadlineSeconds": 1}
    if job["spec"].get("completionMode") == "Indexed":
        return {"completions": 0, "parallelism": 0}
    return {"activeDeadlineSeconds": 1, "parallelism": 0, "suspend": False}
