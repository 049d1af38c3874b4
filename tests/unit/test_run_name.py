"""The name of a run."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.parameters.run_name import run_name
from tests.errors import raises_code

LIMIT = 52
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@given(default=st.text(), limit=st.integers(20, 63))
@example(default="a" * 60 + "-0123456", limit=52)
@example(default="1-app", limit=52)
@example(default="-", limit=52)
@example(default="ünï/Ä", limit=47)
@example(default="a" * 37 + "-" * 20 + "0123456", limit=52)
def test_a_name_is_always_a_dns_label_within_its_limit(default: str, limit: int) -> None:
    name = run_name(None, default, limit)
    assert DNS_LABEL.fullmatch(name)
    assert len(name) <= limit


@given(prefix=st.from_regex(DNS_LABEL, fullmatch=True))
def test_a_name_begins_as_the_user_says(prefix: str) -> None:
    if len(prefix) > LIMIT - 6:
        with raises_code(ErrorCode.RUN_NAME_TOO_LONG, UsageError) as refused:
            run_name(prefix, "app", LIMIT)
        told = f"the name {prefix!r} is {len(prefix)} characters long, 46 are allowed"
        assert refused.value.message == told
    else:
        name = run_name(prefix, "app", LIMIT)
        assert name[:-5] == f"{prefix}-"
        assert len(name) <= LIMIT


@pytest.mark.parametrize(
    ("default", "name"),
    [
        ("app-0123456", "app-0123456-"),
        ("My_App.py-0123456", "my-app-py-0123456-"),
        ("2048-0123456", "run-2048-0123456-"),
        ("ünï", "n-"),
        ("", "run-"),
        ("a" * 60 + "-0123456", "a" * 38 + "-0123456-"),
    ],
)
def test_a_name_is_of_the_repository_and_the_commit(default: str, name: str) -> None:
    assert run_name(None, default, LIMIT)[:-5] == name


def test_names_differ() -> None:
    assert len({run_name(None, "app", LIMIT) for _ in range(20)}) == 20
