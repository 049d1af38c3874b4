"""API servers behind a path, with a kubectl that leaves it out of raw questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubectl_submit.cluster import server_path
from kubectl_submit.cluster.kubectl import Kubectl

from .programs import Answer, Program

KUBECONFIG = """\
clusters:
- name: far
  cluster:
    server: https://gateway.example/k8s/clusters/c-1
"""


@pytest.fixture
def old(kubectl: Program) -> Program:
    """kubectl 1.33, which knows a server behind a path and one that is not."""
    version(kubectl, "v1.33.1")
    kubectl.on("view", "--minify", Answer("https://gateway.example/k8s/clusters/c-1"))
    kubectl.on("--raw", Answer('{"items": []}'))
    return kubectl


def version(kubectl: Program, told: str) -> None:
    kubectl.on("version", "--client", Answer(json.dumps({"clientVersion": {"gitVersion": told}})))


def configure(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    Path("kubeconfig").write_text(text)
    monkeypatch.setenv("KUBECONFIG", f"missing:{Path('kubeconfig').resolve()}")


def asked(kubectl: Program, *flags: str) -> list[str]:
    """The raw paths that two questions ask for."""
    calls = Kubectl(flags=flags)
    calls.start_list("/api/v1/pods").result()
    calls.watch("/api/v1/pods").finish()
    return [call.argv[2].partition("?")[0] for call in kubectl.calls("--raw")]


def test_an_old_kubectl_gets_the_path(old: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, KUBECONFIG)
    assert asked(old) == ["/k8s/clusters/c-1/api/v1/pods"] * 2
    assert len(old.all_calls) == 4


@pytest.mark.parametrize("told", ["v1.34.0", "v1.35.4+k3s1", "v2.0.0", "unknown"])
def test_a_new_one_knows_it(old: Program, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    configure(monkeypatch, json.dumps({"clusters": [{"cluster": {"server": "http://h:1/a"}}]}))
    version(old, told)
    assert asked(old) == ["/api/v1/pods"] * 2


@pytest.mark.parametrize(
    "text", ["server: https://h", "server: https://h/\n", "server: 'https://h:6443/'", "#"]
)
def test_nothing_is_asked_where_no_server_has_a_path(
    old: Program, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    configure(monkeypatch, text)
    assert asked(old) == ["/api/v1/pods"] * 2
    assert len(old.all_calls) == 2


def test_the_users_flags_say_which_server(old: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, KUBECONFIG)
    assert asked(old, "--server=https://h") == ["/api/v1/pods"] * 2
    assert server_path.missing(("--server=https://h/x/",), Kubectl()._stdout) == "/x"
    old.on("view", 'name=="near"', Answer("https://near"))
    assert server_path.missing(("--cluster=near",), Kubectl()._stdout) == ""
    monkeypatch.setenv("KUBECONFIG", "")
    flags = (f"--kubeconfig={Path('kubeconfig').resolve()}", "--context=far")
    assert server_path.missing(flags, Kubectl(flags=flags)._stdout) == "/k8s/clusters/c-1"
