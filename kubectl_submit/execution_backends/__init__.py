"""The kinds of execution: a folder for each, with everything about that kind."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from kubectl_submit.execution_backends.backend import ExecutionBackend
from kubectl_submit.model.execution_kinds import EXECUTION_BACKENDS

__all__ = ["ExecutionBackend", "by_kind", "every", "named"]


def named(name: str) -> ExecutionBackend:
    """The backend for a value of `--execution`."""
    return cast("ExecutionBackend", import_module(f"{EXECUTION_BACKENDS[name]}.backend").BACKEND)


def every() -> list[ExecutionBackend]:
    """All backends."""
    return [named(name) for name in EXECUTION_BACKENDS]


def by_kind(kind: str) -> ExecutionBackend:
    """The backend for an object's kind as kubectl spells it: `job`."""
    return next(one for one in every() if one.kind == kind)
