"""The pod that hands the command to Ray: its program, and what it asks for."""

from __future__ import annotations

import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ManifestError
from kubectl_submit.manifests import files, pod_template, tree
from kubectl_submit.manifests.tree import Node

# Linux' limit of one variable (MAX_ARG_STRLEN), with its name.
LONGEST_VARIABLE = (1 << 17) - len("REQUEST=") - 1
# What else a RayJob says about its command, and what Ray's API calls it.
REQUEST_FIELDS = {
    "entrypointNumCpus": "entrypoint_num_cpus",
    "entrypointNumGpus": "entrypoint_num_gpus",
    "metadata": "metadata",
}
YAML_REQUEST_FIELDS = {
    "entrypointResources": "entrypoint_resources",
    "runtimeEnvYAML": "runtime_env",
}


def set_program(root: Node) -> None:
    """Let the submitter program hand over the command, unless the manifest has its own."""
    spec = tree.child(root, "spec")
    theirs = (spec.get("submitterPodTemplate") or {}).get("spec") or {}
    containers = theirs.get("containers")
    if containers and containers[0].get("command"):
        return
    (default,) = tree.load(*files.read(None, "ray-job.yml"))
    ours = default["spec"]["submitterPodTemplate"]["spec"]
    if containers:
        containers[0]["command"] = ours["containers"][0]["command"]
    else:
        ours.update(theirs)
        tree.child(spec, "submitterPodTemplate")["spec"] = ours


def set_request(root: Node, container: Node, source: str) -> None:
    """What the submitter asks Ray for: the same as the RayJob says. Raises ManifestError."""
    spec = root["spec"]
    request: dict[str, Any] = {"entrypoint": str(spec["entrypoint"])}
    request |= {name: spec[field] for field, name in REQUEST_FIELDS.items() if field in spec}
    for field, name in YAML_REQUEST_FIELDS.items():
        if field in spec:
            request[name] = _parsed(spec[field], f"{source}: spec.{field}")
    text = json.dumps(request)
    if len(text) > LONGEST_VARIABLE:
        raise ManifestError(
            f"the command is too long for Ray: its request has {len(text)} bytes, "
            f"{LONGEST_VARIABLE} are possible",
            code=ErrorCode.COMMAND_TOO_LONG,
            remedy="Put the arguments into a file of the image, or run it without Ray.",
        )
    pod_template.set_environment(container, {"REQUEST": text})
    pod_template.record_container(root, container)


def _parsed(text: object, where: str) -> Any:
    """The value of a field that contains YAML (or JSON) as text."""
    try:
        return YAML(typ="safe", pure=True).load(str(text))
    except YAMLError as error:
        code, message = ErrorCode.MANIFEST_FIELD_NOT_YAML, f"{where} is not valid YAML"
        raise ManifestError(message, code=code, last_words=str(error)) from None
