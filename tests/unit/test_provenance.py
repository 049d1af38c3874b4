"""Where a run comes from, as it is written on objects and into containers."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.cli.options.subcommands import COMMANDS, declaration
from kubectl_submit.model import provenance
from kubectl_submit.model.provenance import Source

SOURCE = Source(
    created_by="ada@example.com",
    commit="0123456789" * 4,
    branch="feature/ünï",
    remote="https://git.example/team/app.git",
    dirty=True,
)
# k8s.io/apimachinery/pkg/util/validation: IsValidLabelValue and IsQualifiedName.
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
LABEL_KEY = re.compile(r"[a-z0-9.-]{1,253}/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@given(st.text(st.characters()))
@example("-" * 70 + "a")
@example("a" * 62 + "--b")
def test_a_label_value_is_always_valid(text: str) -> None:
    value = provenance.label_value(text)
    assert LABEL_VALUE.fullmatch(value)
    assert len(value) <= 63


@given(st.from_regex(LABEL_VALUE, fullmatch=True).filter(lambda text: len(text) <= 63))
def test_a_valid_label_value_stays_as_it_is(text: str) -> None:
    assert provenance.label_value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ada@example.com", "ada-example.com"),
        ("feature/ünï", "feature-n"),
        ("__init__", "init"),
        ("@", ""),
    ],
)
def test_a_label_value_is_what_can_be_kept(text: str, value: str) -> None:
    assert provenance.label_value(text) == value


def test_facts_are_what_is_known() -> None:
    assert SOURCE.facts("app-0123456-x2k4z") == {
        "name": "app-0123456-x2k4z",
        "created-by": "ada@example.com",
        "commit": "0123456789" * 4,
        "branch": "feature/ünï",
        "remote": "https://git.example/team/app.git",
        "dirty": "true",
    }


def test_without_a_repository_little_is_known() -> None:
    facts = Source(created_by="ada").facts("app-x2k4z")
    assert facts == {"name": "app-x2k4z", "created-by": "ada"}


def test_a_detached_head_has_no_branch() -> None:
    facts = Source(created_by="ada", commit="0" * 40).facts("run")
    assert "branch" not in facts
    assert facts["dirty"] == "false"


def test_containers_find_the_facts_in_their_environment() -> None:
    assert SOURCE.environment("run") == {
        "KUBECTL_SUBMIT_NAME": "run",
        "KUBECTL_SUBMIT_CREATED_BY": "ada@example.com",
        "KUBECTL_SUBMIT_COMMIT": "0123456789" * 4,
        "KUBECTL_SUBMIT_BRANCH": "feature/ünï",
        "KUBECTL_SUBMIT_REMOTE": "https://git.example/team/app.git",
        "KUBECTL_SUBMIT_DIRTY": "true",
    }


def test_labels_and_annotations_have_valid_keys() -> None:
    facts = SOURCE.facts("run")
    for key in (*provenance.as_labels(facts), *provenance.as_annotations(facts, other_key=1)):
        assert LABEL_KEY.fullmatch(key)


def test_labels_are_shortened_and_annotations_are_raw() -> None:
    facts = SOURCE.facts("run")
    assert provenance.as_labels(facts)["kubectl-submit/branch"] == "feature-n"
    assert provenance.as_labels(facts)["app.kubernetes.io/managed-by"] == "kubectl-submit"
    assert provenance.as_annotations(facts)["kubectl-submit/branch"] == "feature/ünï"


def test_annotations_keep_what_is_no_text_as_json() -> None:
    found = provenance.as_annotations({}, image="app:1", command=["a b", 'c"', "ü"])
    assert found == {
        "kubectl-submit/image": "app:1",
        "kubectl-submit/command": '["a b", "c\\"", "\\u00fc"]',
    }


def test_a_command_is_recorded_as_it_is() -> None:
    argv = ["python", "train.py", "x" * 10_000]
    assert provenance.recorded_command(argv) == {"command": argv}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), st.integers(0, 9))
@example(["a" * 300_000], 0)
@example(["\U0001f986"] * 9_000, 0)
def test_a_command_that_is_too_long_is_recorded_shortened(argv: list[str], power: int) -> None:
    argv = argv * 5**power if len(argv) * 5**power < 100_000 else argv
    recorded = provenance.recorded_command(argv)
    assert len(json.dumps(recorded["command"])) < 1.1 * provenance.LONGEST_COMMAND
    if recorded["command"] == argv:
        assert recorded.keys() == {"command"}
        return
    whole = "".join(f"{arg}\0" for arg in argv).encode()
    assert recorded["command_cut"] == {
        "arguments": len(argv),
        "bytes": len(whole),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }


@pytest.mark.parametrize("options", [Options, *(declaration(one).OPTIONS for one in COMMANDS)])
def test_no_fact_is_read_as_an_option(options: type[Any]) -> None:
    """A command of ours submits another run: what it is told of itself changes nothing there."""
    facts = set(SOURCE.environment("app-0123456-x2k4z"))
    assert facts.isdisjoint(str(one.envvar) for one in declared(options))


def test_the_variable_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOURCE.environment("app-0123456-x2k4z").items():
        monkeypatch.setenv(name, value)
    assert command_line.parse(command_line.read(["--", "true"])).options.name is None
    monkeypatch.setenv("KUBECTL_SUBMIT_NAME_PREFIX", "train")
    assert command_line.parse(command_line.read(["--", "true"])).options.name == "train"
