"""The forms of values."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.cli.options import secret_values, values
from kubectl_submit.cli.options.secret_values import SecretMount

Parser = Callable[[str], object]

GOOD: list[tuple[Parser, str, object]] = [
    (values.duration, "0", 0),
    (values.duration, "90", 90),
    (values.duration, "90s", 90),
    (values.duration, "5m", 300),
    (values.duration, "1h30m", 5400),
    (values.duration, "2d", 172800),
    (values.positive_duration, "1", 1),
    (values.label, "team=vision", ("team", "vision")),
    (values.label, "example.com/Cost_Center=a-1.b", ("example.com/Cost_Center", "a-1.b")),
    (values.label, "empty=", ("empty", "")),
    (values.quantity, "2", "2"),
    (values.quantity, "0.5", "0.5"),
    (values.quantity, "500m", "500m"),
    (values.quantity, "1k", "1k"),
    (values.quantity, "2G", "2G"),
    (values.quantity, "16Gi", "16Gi"),
    (values.quantity, "1.5Ti", "1.5Ti"),
    (values.assignment, "A=1", ("A", "1")),
    (values.assignment, "A=", ("A", "")),
    (values.assignment, "A=b=c", ("A", "b=c")),
    (values.assignment, "A= two words\n", ("A", " two words\n")),
    (values.assignment, "a.b-c_D=ü", ("a.b-c_D", "ü")),
    (secret_values.secret_mount, "s3", SecretMount(name="s3", path="/run/secrets/s3")),
    (secret_values.secret_mount, "a.b:/etc/x y", SecretMount(name="a.b", path="/etc/x y")),
    (values.secret_name, "a", "a"),
    (values.secret_name, "team.registry-1", "team.registry-1"),
    (values.secret_name, "a" * 253, "a" * 253),
    (values.name_prefix, "train", "train"),
    (values.name_prefix, "t-2-x", "t-2-x"),
    (values.image_repository, "app", "app"),
    (values.image_repository, "team/my-app", "team/my-app"),
    (values.image_repository, "localhost:5000/a/b__c.d", "localhost:5000/a/b__c.d"),
    (values.image_repository, "Registry.Example/app", "Registry.Example/app"),
    (values.encodable, "ü\n", "ü\n"),
]

BAD: dict[Parser, list[str]] = {
    values.duration: ["", "s", "5x", "1.5h", "-5m", " 5m", "5 m", "1h30", "m5", "5m\n", "५", "५m"],
    values.positive_duration: ["0", "0s", "0h0m", "", "x"],
    values.label: [
        *("", "team", "=x", "-a=x", "a b=x", "a=b=c", "a=-", "a/b/c=x", "A.com/x=y", "a=\n", "ü=x"),
        *(f"{'k' * 64}=v", f"k={'v' * 64}", f"{'p' * 254}/k=v", "/k=v"),
        *("kubectl-submit/name=x", "app.kubernetes.io/managed-by=me", "ray.io/node-type=head"),
    ],
    values.quantity: ["", "-1", "1gi", "1GiB", "1 Gi", "Gi", "1.", ".5", "1Gi\n", "५Gi", "½"],
    values.assignment: ["", "=1", "1A=x", "A B=x", "Ü=x", "A\n=x", "NOT_SET_ANYWHERE", "A=\udcff"],
    secret_values.secret_mount: [
        "",
        ":/x",
        "s:",
        "s:x",
        "s:/",
        "s://",
        "s:/a:b",
        "S",
        "s_t",
        "s\n",
    ],
    values.secret_name: ["", "-a", "a-", "A", "a_b", "a/b", "a" * 254, "a\n"],
    values.name_prefix: ["", "1a", "-a", "a-", "A", "a.b", "a_b", "ä", "a\n"],
    values.image_repository: [
        "",
        "app:1",
        "team/app@sha256:00",
        "App",
        "team/App",
        "/app",
        "app/",
        "a//b",
        "a..b",
        "https://registry/app",
        "host:port/app",
        "app\n",
    ],
    values.encodable: ["\udcff", "a\ud800b"],
}


@pytest.mark.parametrize(("parse", "text", "value"), GOOD)
def test_reads(parse: Parser, text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"), [(parse, text) for parse, texts in BAD.items() for text in texts]
)
def test_refuses(parse: Parser, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


@pytest.mark.parametrize("parse", [values.encodable, lambda text: values.assignment(f"A={text}")])
def test_refuses_what_no_container_can_have(parse: Parser) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse("a\0b")


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from("smhd")), min_size=1))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    seconds = sum(number * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in parts)
    assert values.duration(text) == seconds


@given(st.text("0123456789१.mkKMGi", max_size=6))
def test_a_quantity_is_one_for_kubernetes_too(text: str) -> None:
    try:
        values.quantity(text)
    except ValueError:
        return
    # The grammar of k8s.io/apimachinery's resource.Quantity, without signs and exponents.
    assert re.fullmatch(r"([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(m|k|M|G|Ki|Mi|Gi)?", text)


def test_a_name_alone_takes_its_value_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "from = here")
    assert values.assignment("TOKEN") == ("TOKEN", "from = here")


def test_a_value_from_here_must_be_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "\udcff")
    with pytest.raises(ValueError, match="UTF-8"):
        values.assignment("TOKEN")
