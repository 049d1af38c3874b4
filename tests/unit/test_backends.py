"""The tables of backends: each name that an option allows is a module."""

from __future__ import annotations

import pytest

from kubectl_submit import build_backends, execution_backends
from kubectl_submit.cli.options import BUILDS, EXECUTIONS


@pytest.mark.parametrize("name", BUILDS)
def test_each_build_is_a_module(name: str) -> None:
    assert callable(build_backends.load(name).build)


@pytest.mark.parametrize("name", EXECUTIONS)
def test_each_execution_is_a_module(name: str) -> None:
    backend = execution_backends.load(name)
    assert callable(backend.render)
    assert callable(backend.execute)
    # A name has room for a repository, a commit and five letters, and is a DNS label.
    assert 20 <= backend.NAME_LIMIT <= 63
