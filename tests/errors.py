"""Errors that a test expects: it names their code and their values, not their English."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeVar

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import SubmitError

E = TypeVar("E", bound=SubmitError)


@contextlib.contextmanager
def raises_code(code: ErrorCode, kind: type[E]) -> Iterator[pytest.ExceptionInfo[E]]:
    """What is inside fails with this code, and an error of this kind, which has its exit code."""
    with pytest.raises(kind) as raised:
        yield raised
    assert raised.value.code is code, f"{raised.value.code}, not {code}: {raised.value}"
