"""The context of our start: which one it is, and that every kubectl keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.cluster import kube_context
from kubectl_submit.cluster.kubectl import Kubectl

from .programs import Program


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("apiVersion: v1\ncurrent-context: near\nkind: Config\n", "near"),
        ("current-context: arn:aws:eks:eu:1:cluster/a  # mine\n", "arn:aws:eks:eu:1:cluster/a"),
        ("current-context: 'a b'\r\n", "a b"),
        ('current-context: "near"\n', "near"),
        ('{"kind":"Config","current-context":"near","users":[]}', "near"),
        ('{\n    "current-context": "near",\n    "users": []\n}', "near"),
        ("{current-context: near, kind: Config}", ""),
        ('current-context: ""\n', ""),
        ("current-context:\nkind: Config\n", ""),
        ("contexts:\n- name: far\n  current-context: far\n", ""),
        ('current-context: "a\\x62"\n', ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_current_context(text: str, name: str) -> None:
    assert kube_context.current(text) == name


def kubeconfigs(monkeypatch: pytest.MonkeyPatch, *contexts: str) -> list[Path]:
    """Files that name these contexts, as KUBECONFIG has them behind one that is not there."""
    paths = [Path(f"{number}.conf").resolve() for number, _ in enumerate(contexts)]
    for path, name in zip(paths, contexts, strict=True):
        path.write_text(f"current-context: {name}\n")
    monkeypatch.setenv("KUBECONFIG", ":".join(map(str, ["/missing", *paths])))
    return paths


def test_another_context_in_the_middle_is_not_ours(
    kubectl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    [path] = kubeconfigs(monkeypatch, "mine")
    Kubectl().names("pods")
    path.write_text("current-context: other\n")
    Kubectl().names("pods")
    Kubectl().watch("/api/v1/pods").finish()
    assert [call.argv[-1] for call in kubectl.all_calls] == ["--context=mine"] * 3


def test_the_first_file_that_names_a_context_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = kubeconfigs(monkeypatch, '""', "second", "third")
    assert kube_context.pinned(()) == ("--context=second",)
    assert kube_context.pinned((f"--kubeconfig={paths[2]}",)) == ("--context=third",)


def test_a_context_that_is_given_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfigs(monkeypatch, "mine")
    assert kube_context.pinned(("--context=given",)) == ()


def test_where_no_file_names_one_kubectl_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/missing")
    assert kube_context.pinned(()) == ()
