"""Describes a builder, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kubectl_submit.builders import state
from kubectl_submit.builders.manifest import CONTAINER
from kubectl_submit.builders.place import Place
from kubectl_submit.following.no_pod import quantity_value
from kubectl_submit.model import builder
from kubectl_submit.model.containers import named
from kubectl_submit.model.objects import Object

SOCKET = "unix:///run/user/1000/buildkit/buildkitd.sock"
ASK = f"""\
buildctl --addr {SOCKET} debug info
buildctl --addr {SOCKET} du | tail -n 4
df -Ph /home/user/.local/share/buildkit"""


def lines(place: Place, stateful_set: Object) -> Iterator[str]:
    """What there is to say of a builder: a line each. Raises ClusterError."""
    path = f"/api/v1/namespaces/{place.namespace}/pods"
    pods = place.kubectl.start_list(path, labelSelector=place.selector).result()
    pod = state.newest(pods)
    ready = state.is_ready(stateful_set)
    why = "ready" if ready else f"not ready: {state.waits_for(stateful_set, pod, {})}"
    settings = builder.settings_of(state.annotation(stateful_set, builder.SETTINGS))
    told = ""
    if pod and ready:
        told = place.kubectl.exec(place.namespace, pod["metadata"]["name"], CONTAINER, ASK).stdout
    facts = {
        "builder": f"{place.name}, {why}",
        "address": f"tcp://{place.name}.{place.namespace}:{builder.PORT}",
        "version": _after("BuildKit", told) or _image(stateful_set),
        "storage": _storage(settings.storage, told),
        "pod": _pod(pod),
        "certificates": f"until {state.annotation(stateful_set, builder.EXPIRES)[:10]}",
        "namespaces": ", ".join((place.namespace, *settings.allow_namespace)),
    }
    yield from (f"{key:14}{value}" for key, value in facts.items() if value)


def _after(word: str, told: str) -> str:
    found = re.search(rf"(?m)^{word}:\s*(.*)$", told)
    return found[1].strip() if found else ""


def _image(stateful_set: Object) -> str:
    (container,) = stateful_set["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


def _storage(size: str, told: str) -> str:
    """The cache's size, and the disk's, where they can be told."""
    limit = f"of {size}" if quantity_value(size) else "on its node's disk"
    cached = _after("Total", told)
    disk = re.search(r"(?m)\s([0-9]+%)\s+/\S*$", told)
    known = [f"{cached} in the cache"] if cached else []
    known += [f"disk {disk[1]} full"] if disk else []
    return f"{', '.join(known)}, {limit}" if known else limit


def _pod(pod: Object | None) -> str:
    if pod is None:
        return ""
    restarts = named(pod.get("status", {}), CONTAINER).get("restartCount", 0)
    node = pod["spec"].get("nodeName", "no node")
    return f"{pod['metadata']['name']} on {node}, {restarts} restarts"
