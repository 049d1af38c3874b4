"""A builder that stays in the cluster, as a build uses it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

DEFAULT_NAME = "kubectl-submit-builder"
BUILDER_LABEL = "kubectl-submit/builder"
"""On a builder's objects and its pod: its name."""
CLIENT_LABEL = "kubectl-submit/builder-client"
"""On the pods that build with it: its name. Its NetworkPolicy admits them."""
EXPIRES = "kubectl-submit/certificates-expire"
"""The annotation with the time (RFC 3339) until which its certificates are valid."""
SETTINGS = "kubectl-submit/settings"
"""The annotation with its settings, as JSON."""
PORT = 1234


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A BuildKit that runs already, for builds in the cluster."""

    name: str
    """The name of its StatefulSet; its host, where it was given by its address."""
    address: str
    """`tcp://HOST:PORT`."""
    secret: str | None
    """The Secret with the client's certificate; None: it is reached without one."""
    ready: bool = True
    """Whether it ran when it was looked for, as far as is known."""
    pending_timeout: int | None = None
    """How many seconds a build waits for it; None: without a limit."""


def of_namespace(name: str, *, ready: bool = True) -> Builder:
    """The builder of this name in the namespace."""
    return Builder(name=name, address=f"tcp://{name}:{PORT}", secret=f"{name}-client", ready=ready)


@dataclass(frozen=True, kw_only=True)
class BuilderSettings:
    """What can be chosen of a builder; None: the manifest decides."""

    storage: str = "50Gi"
    """Zero: none that lasts."""
    storage_class: str | None = None
    cpu: str | None = None
    memory: str | None = None
    node_selector: tuple[tuple[str, str], ...] = ()
    allow_namespace: tuple[str, ...] = ()
    """The other namespaces whose builds may use it."""
    buildkitd_toml: str = ""
    """The user's own settings of BuildKit."""
    buildkit_image: str | None = None
    registry_secret: str | None = None
    proxy_secret: str | None = None
    authorities: str = ""
    """The certificates (PEM) of those that it trusts besides the public ones."""

    def recorded(self) -> str:
        """The settings as JSON."""
        return json.dumps(dataclasses.asdict(self))


def settings_of(recorded: str) -> BuilderSettings:
    """The settings that were recorded, as far as they are known here."""
    try:
        found = json.loads(recorded or "{}")
    except ValueError:
        found = {}
    names = {field.name for field in dataclasses.fields(BuilderSettings)}
    known = {name: value for name, value in found.items() if name in names}
    known["node_selector"] = tuple((key, one) for key, one in known.get("node_selector", ()))
    known["allow_namespace"] = tuple(known.get("allow_namespace", ()))
    return BuilderSettings(**known)
