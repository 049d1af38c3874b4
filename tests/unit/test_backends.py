"""The tables of backends: each name that an option allows is a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit import build_backends, execution_backends
from kubectl_submit.cli.options import BUILDS, EXECUTIONS

MANIFESTS = Path(__file__).parents[2] / "manifests"


@pytest.mark.parametrize("name", BUILDS)
def test_each_build_is_a_module(name: str) -> None:
    assert callable(build_backends.load(name).build)


@pytest.mark.parametrize("name", EXECUTIONS)
def test_each_execution_is_a_folder(name: str) -> None:
    backend = execution_backends.named(name)
    assert backend.name == name
    assert execution_backends.by_kind(backend.kind) is backend
    # A name has room for a repository, a commit and five letters, and is a DNS label.
    assert 20 <= backend.name_limit <= 63
    assert (MANIFESTS / backend.manifest).is_file()
