"""The environment for kubectl, which turns off the user's preferences.

kubectl >= 1.34 reads ~/.kube/kuberc, or the file in KUBERC, which can change the defaults of flags:
`get -o wide`, `delete --interactive`. Everything else in it is kept, such as the user's policy for
credential plugins.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import tempfile
from collections.abc import Mapping
from typing import Any

# What changes flags and commands (k8s.io/kubectl pkg/config: v1alpha1 and v1beta1).
PREFERENCES = ("defaults", "overrides", "aliases")
HEAD = {"apiVersion", "kind"}
OFF = {"KUBERC": "off", "KUBECTL_KUBERC": "false"}
# A wrapper that colours kubectl's output, such as kubecolor, would make it unreadable for us.
PLAIN = {"NO_COLOR": "1"}


@functools.cache
def environment() -> Mapping[str, str]:
    """What to set for every kubectl. A copy of the policy, if there is one, lives as long as us."""
    if os.environ.get("KUBERC") == "off" or os.environ.get("KUBECTL_KUBERC") == "false":
        return PLAIN
    given = os.environ.get("KUBERC")
    path = given or os.path.expanduser("~/.kube/kuberc")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        # kubectl says what is wrong with a file that is given.
        return PLAIN if given else PLAIN | OFF
    kept = without_preferences(text)
    if kept is None:
        return PLAIN
    return PLAIN | ({"KUBERC": _written(kept)} if kept else OFF)


def without_preferences(text: str) -> str | None:
    """A kuberc without preferences; empty if nothing is left, None if it is invalid."""
    import yaml  # 15 ms, only where there is a file

    try:
        documents = [_stripped(one) for one in yaml.safe_load_all(text)]
    except yaml.YAMLError:
        return None
    rest = any(not isinstance(one, dict) or one.keys() - HEAD for one in documents)
    dumped: str = yaml.safe_dump_all(documents, sort_keys=False) if rest else ""
    return dumped


def _stripped(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in document.items() if key not in PREFERENCES}


def _written(text: str) -> str:
    """The path of a file with this text, which is gone when we end."""
    descriptor, path = tempfile.mkstemp(prefix="kubectl-submit-", suffix="-kuberc")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    atexit.register(_remove, path)
    return path


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
