"""Pins the context that was current at the start, so every kubectl uses the same cluster.

`kubectl config use-context` in another terminal affects later commands only.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Sequence

# The key in a kubeconfig: at the start of a line in YAML, in double quotes in JSON.
CURRENT = re.compile(
    r"""(?:^current-context|^\s*"current-context"|[{,]\s*"current-context")\s*:[ \t]*"""
    r"""(?:"(?P<double>[^"\\\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^"'\s#,}][^\n]*?))"""
    r"""[ \t]*(?:[ \t]#[^\n]*)?(?:\r?$|[,}])""",
    re.MULTILINE,
)


def files(flags: Sequence[str]) -> list[str]:
    """The kubeconfig files that kubectl merges."""
    default = os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    return (flag_value(flags, "--kubeconfig") or default).split(os.pathsep)


def flag_value(flags: Sequence[str], name: str) -> str:
    """The value of a flag that is given as `--name=value`, the last one; empty if there is none."""
    given = [flag.partition("=")[2] for flag in flags if flag.startswith(f"{name}=")]
    return given[-1] if given else ""


@functools.cache
def pinned(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The flag that keeps kubectl in the context of our start; none where a context is given.

    None, too, where no kubeconfig names one, as in a pod.
    """
    if flag_value(flags, "--context"):
        return ()
    # As kubectl merges them: the first one counts that names any.
    return next(((f"--context={name}",) for name in _named(files(flags))), ())


def current(text: str) -> str:
    """The current context that a kubeconfig names; empty if it names none."""
    found = CURRENT.search(text)
    return next((name for name in found.groups() if name), "") if found else ""


def _named(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                name = current(file.read())
        except (OSError, UnicodeDecodeError):
            continue
        if name:
            yield name
