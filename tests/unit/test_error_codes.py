"""The codes of errors: each is used, and written as what a user can search for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_submit.error_codes import ErrorCode

PACKAGE = Path(__file__).parents[2] / "kubectl_submit"
MEMBER = re.compile(r"\bErrorCode\.([A-Z0-9_]+)\b")


def test_each_code_is_used() -> None:
    texts = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    used = {name for text in texts for name in MEMBER.findall(text)}
    assert set(ErrorCode.__members__) - used == set()


def test_no_two_codes_are_the_same() -> None:
    """A second member of one value would be another name of the first."""
    names = {name: code.name for name, code in ErrorCode.__members__.items()}
    assert {name: first for name, first in names.items() if name != first} == {}


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
def test_a_code_is_its_name_in_lower_case_with_hyphens(code: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code.value)
    assert code.value == code.name.lower().replace("_", "-")
