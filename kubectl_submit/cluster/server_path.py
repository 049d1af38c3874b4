"""The path of an API server behind a gateway: `https://host/k8s/clusters/c-1`.

kubectl < 1.34 leaves it out where it is asked for a raw path; then we put it there.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from kubectl_submit.cluster import kube_context
from kubectl_submit.cluster.kube_context import flag_value

# The first version whose client-go prepends it (rest/request.go, RequestURI).
KNOWING_MINOR = 34
# A server with a path in a kubeconfig, in YAML or JSON.
WITH_PATH = rb"""server["']?\s*:\s*["']?https?://[^/\s"']+/[^\s"']"""

Ask = Callable[[Sequence[str]], str]
"""Runs kubectl with some arguments; returns its stdout."""


@functools.cache
def missing(flags: tuple[str, ...], ask: Ask) -> str:
    """What to put before raw paths: `/k8s/clusters/c-1`; empty where kubectl does that itself.

    kubectl is asked only where some server of the kubeconfig has a path.
    """
    given = flag_value(flags, "--server")
    if not (urlsplit(given).path.strip("/") if given else _configured(flags)):
        return ""
    if minor_version(ask(["version", "--client", "-o", "json"])) >= KNOWING_MINOR:
        return ""
    return urlsplit(given or ask(_question(flags))).path.rstrip("/")


def minor_version(text: str) -> int:
    """The minor version of `kubectl version --client -o json`; that of a new one if unknown."""
    try:
        version = json.loads(text)["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError):
        return KNOWING_MINOR
    found = re.match(r"v1\.(\d+)", version)
    return int(found[1]) if found else KNOWING_MINOR


def _configured(flags: tuple[str, ...]) -> bool:
    """Whether any server of the kubeconfig has a path."""
    for path in kube_context.files(flags):
        try:
            with open(path, "rb") as file:
                if re.search(WITH_PATH, file.read()):
                    return True
        except OSError:
            continue
    return False


def _question(flags: tuple[str, ...]) -> list[str]:
    cluster = flag_value(flags, "--cluster")
    if cluster:
        return [
            "config",
            "view",
            "-o",
            f'jsonpath={{.clusters[?(@.name=="{cluster}")].cluster.server}}',
        ]
    return ["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]
