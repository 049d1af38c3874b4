"""Manifests: what a user wrote stays, what is set arrives as it is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.manifests import files, tree
from tests.errors import raises_code

USERS_OWN = """\
# Our cluster's own Job.
apiVersion: batch/v1
kind: Job  # of the team
metadata:
  name: 'single'
  annotations: &notes
    plain: yes
    time: 12:30:45
    "double": "on"
    long: a long line is not folded, or else a person would wonder why it has been changed at all
    text: |
      two
        lines
    folded: >-
      one
      line

# What the pod is.
spec:
  template:
    metadata:
      annotations: *notes
    spec:
      volumes:
      - name: key
        secret: {secretName: key, defaultMode: 0400}  # read-only
      - {name: zero, emptyDir: {}}
      containers:
      - name: main
        args: []
        ports: [8080, 0x10]
        env:
        - name: EMPTY
          value: ""
        - name: UNSET
          value:
---
# The second document.
apiVersion: v1
kind: Service
metadata: {name: beside}
"""


def loaded(text: str) -> list[Any]:
    return tree.load(text, "file.yml")


def test_what_is_not_touched_stays_to_the_letter() -> None:
    assert tree.dump(loaded(USERS_OWN)) == USERS_OWN


@pytest.mark.parametrize("name", ["job.yml", "build-remote.yml"])
def test_our_own_manifests_stay_to_the_letter(name: str) -> None:
    text, _ = files.read(None, name)
    assert tree.dump(loaded(text)) == text


def test_what_is_set_changes_nothing_else() -> None:
    documents = loaded(USERS_OWN)
    tree.put(documents[0], ("metadata", "name"), "new")
    assert tree.dump(documents) == USERS_OWN.replace("'single'", '"new"')


@pytest.mark.parametrize("value", ["yes", "on", "12:30:45", "0400", "1e3", "~", "", "null", "0o7"])
def test_a_text_arrives_as_a_text(value: str) -> None:
    documents = loaded("a: 1\n")
    tree.put(documents[0], ("b",), [value, {"c": value}])
    # As kubectl does, PyYAML reads YAML 1.1.
    assert yaml.safe_load(tree.dump(documents)) == {"a": 1, "b": [value, {"c": value}]}


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_arrives(value: Any) -> None:
    documents = loaded("a: 1\n")
    tree.put(documents[0], ("b", "c"), value)
    assert yaml.safe_load(tree.dump(documents)) == {"a": 1, "b": {"c": value}}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_of_an_argument_arrives(text: str) -> None:
    documents = loaded("a: 1\n")
    tree.put(documents[0], ("b",), [text])
    assert yaml.safe_load(tree.dump(documents))["b"] == [text]


NOT_YAML = ErrorCode.MANIFEST_NOT_YAML
NO_MAPPING = ErrorCode.MANIFEST_DOCUMENT_NOT_A_MAPPING


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("a: b: c", NOT_YAML, "file.yml:1:5: mapping values are not allowed here"),
        ("a: 1\nb: [1", NOT_YAML, "file.yml:2:6: "),
        ("a: 1\n\tb: 2", NOT_YAML, "file.yml:2:1: "),
        ("a: 1\na: 2", NOT_YAML, "file.yml:2:1: found duplicate key"),
        ("a: *b", NOT_YAML, "file.yml:1:4: "),
        ("a: \x00", NOT_YAML, "file.yml: not valid YAML"),
        ("- a", NO_MAPPING, "file.yml: a document is not a mapping"),
        ("a: 1\n---\ntext", NO_MAPPING, "file.yml: "),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, code: ErrorCode, message: str) -> None:
    with raises_code(code, ManifestError) as refused:
        loaded(text)
    assert refused.value.message.startswith(message)


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "---\n---\n"])
def test_an_empty_manifest_has_no_documents(text: str) -> None:
    assert loaded(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\n---\nkind: Service", "file.yml: no Job in it (found: Pod, Service)"),
        ("kind: Job\n---\nkind: Job", "file.yml: more than one Job in it (found: Job, Job)"),
        ("", "file.yml: no Job in it (found: nothing)"),
        ("a: 1", "file.yml: no Job in it (found: None)"),
    ],
)
def test_there_must_be_one_job(text: str, message: str) -> None:
    with raises_code(ErrorCode.MANIFEST_WRONG_NUMBER_OF_OBJECTS, ManifestError) as refused:
        tree.only(loaded(text), "Job", "file.yml")
    assert refused.value.message == message


def test_finds_the_one_job() -> None:
    documents = loaded("kind: Service\n---\nkind: Job\n")
    assert tree.only(documents, "Job", "file.yml") is documents[1]


@pytest.mark.parametrize(
    ("pod", "count"),
    [
        ("{}", 0),
        ("containers:", 0),
        ("containers: []", 0),
        ("containers: [{name: a}, {name: b}]", 2),
    ],
)
def test_there_must_be_one_container(pod: str, count: int) -> None:
    with raises_code(ErrorCode.MANIFEST_WRONG_NUMBER_OF_CONTAINERS, ManifestError) as refused:
        tree.only_container(loaded(pod)[0], "file.yml")
    told = f"file.yml: {count} containers in the pod, where one is needed"
    assert refused.value.message == told


def test_what_is_missing_on_the_way_is_made() -> None:
    [document] = loaded("a:\n  b:\n")
    tree.child(document, "a", "b")["c"] = 1
    tree.child(document, "d", kind=CommentedSeq).append(2)
    tree.put_all(document, ("a", "e"), {"f": "g"})
    assert document == {"a": {"b": {"c": 1}, "e": {"f": "g"}}, "d": [2]}


@pytest.mark.parametrize("text", ["a: text", "a: []", "a: 1", "a: {b: text}"])
def test_what_is_on_the_way_must_be_a_mapping(text: str) -> None:
    with raises_code(ErrorCode.MANIFEST_FIELD_WRONG_TYPE, ManifestError) as refused:
        tree.child(loaded(text)[0], "a", "b")
    assert refused.value.message == "a.b has the wrong type in the manifest"


def test_an_item_goes_where_the_one_of_its_name_is() -> None:
    [document] = loaded("env:\n- {name: A, value: 1}\n- {name: B, value: 2}\n")
    tree.put_named(document, "env", {"name": "A", "value": "x"})
    tree.put_named(document, "env", {"name": "C", "value": "y"})
    tree.put_named(document, "mounts", {"name": "v", "path": "/p"}, by="path")
    assert document["env"] == [
        {"name": "A", "value": "x"},
        {"name": "B", "value": 2},
        {"name": "C", "value": "y"},
    ]
    assert document["mounts"] == [{"name": "v", "path": "/p"}]


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (
            None,
            ErrorCode.MANIFEST_UNREADABLE,
            "cannot read the manifest {}: No such file or directory",
        ),
        (b"\xff", ErrorCode.MANIFEST_NOT_UTF_8, "{} is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, code: ErrorCode, message: str
) -> None:
    path = tmp_path / "job.yml"
    if content:
        path.write_bytes(content)
    with raises_code(code, ManifestError) as refused:
        files.read(path, "job.yml")
    assert refused.value.message == message.format(path)


def test_a_file_is_called_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text("ünï: 1", encoding="utf-8")
    assert files.read(path, "job.yml") == ("ünï: 1", str(path))
    assert files.read(None, "job.yml")[1] == "the default job.yml"
