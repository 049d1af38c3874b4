"""Where a password must not be seen."""

from __future__ import annotations

import base64

from tests.cluster.conftest import Namespace
from tests.conftest import Finished


def everything(namespace: Namespace) -> str:
    """All objects of a namespace but the Secrets themselves, as text."""
    kinds = namespace.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name")
    shown = [kind for kind in kinds.split() if kind != "secrets"]
    return namespace.kubectl("get", ",".join(shown), "--output=yaml")


def assert_not_seen(password: str, namespace: Namespace, result: Finished) -> None:
    """Nobody has seen the password."""
    objects = everything(namespace)
    assert "kind: Job" in objects
    for secret in (password, base64.b64encode(password.encode()).decode()):
        assert secret not in objects
        assert secret not in result.stdout
        assert secret not in result.stderr
