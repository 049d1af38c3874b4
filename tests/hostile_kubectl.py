"""A user's set-up of kubectl that is as different from a fresh one as can be.

Defaults and aliases in a kuberc, with a policy for credential plugins; a credential plugin that
takes its time; a wrapper that colours what kubectl writes, and does not hand on signals; every
variable that changes kubectl.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

LATENCY = 2
"""Seconds that the credential plugin takes, for each kubectl."""
DEFAULTS = {
    "get": {"output": "wide", "show-labels": "true", "watch": "true"},
    "delete": {"interactive": "true", "now": "true", "cascade": "orphan"},
    "create": {"dry-run": "client", "output": "wide", "validate": "false"},
    "patch": {"dry-run": "client", "type": "json"},
    "logs": {"tail": "1", "limit-bytes": "3", "timestamps": "true"},
    "auth can-i": {"list": "true", "quiet": "false"},
    "config view": {"output": "yaml", "minify": "false"},
    "version": {"client": "true", "output": "yaml"},
}
VARIABLES = {
    "KUBECTL_KUBERC": "true",
    "KUBECTL_KYAML": "true",
    "KUBECTL_ENABLE_CMD_SHADOW": "true",
    "KUBECTL_INTERACTIVE_DELETE": "true",
    "KUBECTL_COMMAND_HEADERS": "false",
    "KUBECTL_APPLYSET": "true",
    "KUBECTL_EXTERNAL_DIFF": "false",
    "KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false",
    "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false",
    "KUBECOLOR_FORCE_COLORS": "truecolor",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
}
# As kubecolor does: NO_COLOR wins over what forces colours; a plugin's output is its own.
WRAPPER = """\
#!/bin/sh
if [ "$1" = submit ]; then exec {kubectl} "$@"; fi
if [ -n "$NO_COLOR" ]; then {kubectl} "$@"; exit; fi
{kubectl} "$@" | sed "s/^/$(printf '\\033[36m')/; s/$/$(printf '\\033[0m')/"
"""
PLUGIN = """\
#!/bin/sh
sleep {latency}
cat {credential}
"""


def environment(folder: Path) -> dict[str, str]:
    """The variables of this set-up, whose files go into a new folder."""
    folder.mkdir()
    kubectl = shutil.which("kubectl")
    assert kubectl, "there is no kubectl"
    wrapper = folder / "bin" / "kubectl"
    wrapper.parent.mkdir()
    _write_program(wrapper, WRAPPER.format(kubectl=shlex.quote(kubectl)))
    plugin = folder / "credential-plugin"
    kubeconfig = _kubeconfig(kubectl, plugin, folder / "credential.json")
    (folder / "kubeconfig").write_text(json.dumps(kubeconfig), encoding="utf-8")
    (folder / "kuberc").write_text(yaml.safe_dump(_preferences(plugin)), encoding="utf-8")
    return {
        **VARIABLES,
        "KUBECONFIG": str(folder / "kubeconfig"),
        "KUBERC": str(folder / "kuberc"),
        "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}",
    }


def _preferences(plugin: Path) -> dict[str, Any]:
    defaults = [
        {
            "command": command,
            "options": [{"name": name, "default": value} for name, value in options.items()],
        }
        for command, options in DEFAULTS.items()
    ]
    return {
        "apiVersion": "kubectl.config.k8s.io/v1beta1",
        "kind": "Preference",
        "defaults": defaults,
        "aliases": [{"name": name, "command": "version"} for name in ("get", "logs")],
        "credentialPluginPolicy": "Allowlist",
        "credentialPluginAllowlist": [{"name": str(plugin)}],
    }


def _kubeconfig(kubectl: str, plugin: Path, credential: Path) -> dict[str, Any]:
    """The kubeconfig of now, whose user logs in by a plugin."""
    view = [kubectl, "config", "view", "--raw", "--flatten", "--minify", "--output=json"]
    shown = subprocess.run(view, capture_output=True, text=True, check=True).stdout
    configuration: dict[str, Any] = json.loads(shown)
    user = configuration["users"][0]["user"]
    keys = {"client-certificate-data": "clientCertificateData", "client-key-data": "clientKeyData"}
    status = {to: _decoded(user[key]) for key, to in keys.items() if key in user}
    version = "client.authentication.k8s.io/v1"
    told = {"apiVersion": version, "kind": "ExecCredential", "status": status}
    credential.write_text(json.dumps(told), encoding="utf-8")
    _write_program(plugin, PLUGIN.format(latency=LATENCY, credential=shlex.quote(str(credential))))
    plugged = {"apiVersion": version, "command": str(plugin), "interactiveMode": "Never"}
    configuration["users"][0]["user"] = {"exec": plugged}
    return configuration


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
