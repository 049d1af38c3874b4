"""Finds the namespace to use."""

from __future__ import annotations

from pathlib import Path

from kubectl_submit.cluster.kube_context import flag_value
from kubectl_submit.cluster.kubectl import Kubectl

# Where a pod finds its namespace (Kubernetes' service account admission).
IN_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def start_asking(kubectl: Kubectl) -> None:
    """Ask kubectl for the current namespace before it is needed, if the flags do not name it."""
    if not flag_value(kubectl.flags, "--namespace"):
        kubectl.start_context_namespace()


def current_namespace(kubectl: Kubectl) -> str:
    """The namespace where nothing else is said: the flag's, the context's, the pod's own."""
    given = flag_value(kubectl.flags, "--namespace")
    if given:
        return given
    result = kubectl.context_namespace()
    if result.exit_code != 0 and IN_POD.is_file():
        return IN_POD.read_text(encoding="utf-8").strip()
    return result.stdout.strip() or "default"
