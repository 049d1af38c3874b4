"""Decides whether a container that does not start can never start. Pure.

The list is short on purpose. A wrong "never" ends a run that would have gone on, and loses the work
of its other workers; a wrong "later" only waits, says why, and ends by `--pending-timeout`. The
messages are those of the kubelet (pkg/kubelet/images, kuberuntime), containerd and CRI-O.
"""

from __future__ import annotations

import re

PULL_REASONS = ("ErrImagePull", "ImagePullBackOff")
START_REASONS = ("CreateContainerError", "RunContainerError")
DENIED_TRIES = 3
"""Under load, a kubelet may try to pull before it has read the pod's Secret."""

# After these errors, the next pull may succeed.
PASSING = re.compile(
    r"toomanyrequests|QPS exceeded|time(d )?out|deadline exceeded|refused|reset by peer|\bEOF\b|"
    r"no such host|server misbehaving|unreachable|\b(429 Too|5\d\d [A-Z])|"
    r"failure in name resolution"
)
DENIED = re.compile(
    r"\b401\b|\b403\b|[Uu]nauthorized|insufficient_scope|authorization failed|access denied|"
    r"authentication required|no basic auth credentials|resource is denied|\bdenied: |"
    r"[Ii]nvalid username/password"
)
ABSENT = re.compile(
    r": not found$|: not found[:\"]|manifest unknown|name unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|"
    r"repository name not known|does not exist|no match(ing manifest)? for platform|"
    r"\b404 \(?Not Found|no image found in image index|short-name"
)
UNUSABLE = re.compile(
    r"invalid reference format|server gave HTTP response to HTTPS client|"
    r"x509: certificate|tls: failed to verify certificate"
)
UNCONFIGURED = re.compile(
    r"(secret|configmap) \"[^\"]*\" not found|couldn't find key|runAsNonRoot|non-numeric user"
)
ROOT = re.compile(r"runAsNonRoot|non-numeric user")
UNSTARTABLE = re.compile(
    r"executable file.* not found|exec: .*(no such file or directory|permission denied)|"
    r"exec format error|no command specified|unable to find user|no users found"
)


def remedy(message: str) -> str:
    """What to do about a final reason; empty if the message says it already."""
    if ROOT.search(message):
        return (
            "The namespace does not allow root. Set a numeric user in the image (`USER 1000` in "
            "its Dockerfile), or runAsUser in a manifest of your own (--manifest)."
        )
    return ""


def final_after(reason: str, message: str, *, pull_secret: bool) -> int | None:
    """After how many failures in a row a container can never start; None: it may start later.

    `reason` and `message` are from its `waiting` state; `pull_secret`: its pod names a Secret for
    pulling, so a refusal may only mean that the kubelet has not read the Secret yet.
    """
    if reason in ("InvalidImageName", "ErrImageNeverPull"):
        return 1
    if reason in PULL_REASONS:
        return _pull_final_after(message, pull_secret=pull_secret)
    if reason == "CreateContainerConfigError":
        return 1 if UNCONFIGURED.search(message) else None
    if reason in START_REASONS and not PASSING.search(message):
        return 1 if UNSTARTABLE.search(message) else None
    return None


def _pull_final_after(message: str, *, pull_secret: bool) -> int | None:
    message = message.rstrip()
    if PASSING.search(message):
        return None
    if DENIED.search(message):  # first: Docker Hub answers so for what does not exist, too
        return DENIED_TRIES if pull_secret else 1
    return 1 if ABSENT.search(message) or UNUSABLE.search(message) else None
