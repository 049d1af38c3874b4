"""What kubectl reads of a user's preferences where we call it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml

from kubectl_submit.cluster import kuberc
from kubectl_submit.cluster.kubectl import Kubectl

OFF = {"NO_COLOR": "1", "KUBERC": "off", "KUBECTL_KUBERC": "false"}
HEAD = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"
DEFAULTS = """\
defaults:
- command: get
  options: [{name: output, default: wide}]
aliases:
- {name: logs, command: get}
"""
POLICY = """\
credentialPluginPolicy: Allowlist
credentialPluginAllowlist: [{name: aws}]
"""


def preferences(home: Path, text: str) -> None:
    (home / ".kube").mkdir()
    (home / ".kube" / "kuberc").write_text(text)


def test_where_there_are_none(tmp_path: Path) -> None:
    assert kuberc.environment() == OFF


@pytest.mark.parametrize("text", ["", "# nothing\n", HEAD + DEFAULTS, HEAD])
def test_defaults_and_aliases_are_switched_off(tmp_path: Path, text: str) -> None:
    preferences(tmp_path / "home", text)
    assert kuberc.environment() == OFF


def test_the_policy_for_credential_plugins_is_kept(tmp_path: Path) -> None:
    preferences(tmp_path / "home", HEAD + DEFAULTS + POLICY)
    told = kuberc.environment()
    assert told.keys() == {"NO_COLOR", "KUBERC"}
    assert yaml.safe_load(Path(told["KUBERC"]).read_text()) == yaml.safe_load(HEAD + POLICY)
    assert kuberc.environment() == told
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    assert Path(told["KUBERC"]).stat().st_mode & 0o077 == 0


def test_every_document_is_kept_in_its_order() -> None:
    text = f"---\n{HEAD}{POLICY}---\n{HEAD}overrides: []\nnew: [1]\n---\n"
    kept = kuberc.without_preferences(text)
    assert kept
    first, second, *_ = yaml.safe_load_all(kept)
    assert (first["credentialPluginPolicy"], second["new"]) == ("Allowlist", [1])
    assert "overrides" not in second


def test_a_file_that_the_user_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERC", "mine")
    assert kuberc.environment() == {"NO_COLOR": "1"}  # kubectl says that it is not there
    kuberc.environment.cache_clear()
    Path("mine").write_text(HEAD + DEFAULTS)
    assert kuberc.environment() == OFF


@pytest.mark.parametrize(("name", "value"), [("KUBERC", "off"), ("KUBECTL_KUBERC", "false")])
def test_what_is_off_stays_off(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences(tmp_path / "home", HEAD + POLICY)
    monkeypatch.setenv(name, value)
    assert kuberc.environment() == {"NO_COLOR": "1"}


def test_what_cannot_be_read_is_left_to_kubectl(tmp_path: Path) -> None:
    preferences(tmp_path / "home", "a: b: c")
    assert kuberc.environment() == {"NO_COLOR": "1"}


def test_every_kubectl_runs_in_it() -> None:
    source = inspect.getsource(Kubectl)
    assert source.count("self._argv(") == source.count("kuberc.environment()") == 3
