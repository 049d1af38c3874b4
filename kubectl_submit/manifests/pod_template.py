"""Edits pod templates of runs and builds: identity, variables, Secrets. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model import provenance

# What Karpenter and the Cluster Autoscaler look for before they empty a node to save it.
STAY = {
    "karpenter.sh/do-not-disrupt": "true",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
}


def identify(obj: Node, name: str, facts: dict[str, str], **more: object) -> None:
    """Name an object, and write what is known of the run on it as labels and annotations."""
    tree.put(obj, ("metadata", "name"), name)
    if "generateName" in obj["metadata"]:
        del obj["metadata"]["generateName"]
    describe(obj, facts, **more)


def describe(obj: Node, facts: dict[str, str], **more: object) -> None:
    """Write what is known of the run on an object or a pod template."""
    tree.put_all(obj, ("metadata", "labels"), provenance.as_labels(facts))
    tree.put_all(obj, ("metadata", "annotations"), provenance.as_annotations(facts, **more))


def describe_pod(template: Node, facts: dict[str, str], **more: object) -> None:
    """Write what is known of the run on a pod template, and that autoscalers let its pods run.

    What the manifest says to autoscalers stays.
    """
    describe(template, facts, **more)
    annotations = tree.child(template, "metadata", "annotations")
    missing = {name: value for name, value in STAY.items() if name not in annotations}
    tree.put_all(template, ("metadata", "annotations"), missing)


def record_container(obj: Node, container: Node) -> None:
    """Write on an object or a pod template which container runs the command.

    A webhook may put others beside or before it.
    """
    name = {provenance.CONTAINER: str(container.get("name", ""))}
    tree.put_all(obj, ("metadata", "annotations"), name)


def set_environment(container: Node, variables: Mapping[str, str]) -> None:
    """Set variables of a container to these very values."""
    for name, value in variables.items():
        tree.put_named(container, "env", {"name": name, "value": literal(value)})


def set_default(container: Node, name: str, value: Mapping[str, object]) -> None:
    """Set a variable that the container does not have yet, by `value` or `valueFrom`."""
    if not any(one.get("name") == name for one in container.get("env") or []):
        tree.put_named(container, "env", {"name": name, **value})


def set_environment_of(container: Node, secret: str) -> None:
    """Give a container the keys of a Secret as variables; its own variables win."""
    sources = tree.child(container, "envFrom", kind=CommentedSeq)
    sources.append(tree.quoted({"secretRef": {"name": secret}}))


def literal(text: str) -> str:
    """The text, escaped for command, args and env.

    Kubernetes expands `$(NAME)` there and reads `$$` as `$` (k8s.io/kubernetes third_party/forked/
    golang/expansion).
    """
    return text.replace("$", "$$")


def mount_secret(
    pod_spec: Node, container: Node, secret: str, path: str, *, items: Mapping[str, str] = {}
) -> None:
    """Mount an existing Secret read-only; `items` renames keys to files."""
    source: dict[str, object] = {"secretName": secret, "defaultMode": 0o444}
    if items:
        source["items"] = [{"key": key, "path": file} for key, file in items.items()]
    # A volume's name is a DNS label, a Secret's may be longer and have dots.
    unique = hashlib.sha256(json.dumps(source).encode()).hexdigest()[:8]
    volume = f"secret-{secret.replace('.', '-')[:40].rstrip('-')}-{unique}"
    tree.put_named(pod_spec, "volumes", {"name": volume, "secret": source})
    mount = {"name": volume, "mountPath": path, "readOnly": True}
    tree.put_named(container, "volumeMounts", mount, by="mountPath")


def trust_authorities(container: Node, path: str) -> None:
    """Let programs in Go trust the certificate authorities in a folder besides the image's own."""
    # Of files, Go reads the image's own one besides (crypto/x509: SSL_CERT_DIR, root_linux.go).
    set_environment(container, {"SSL_CERT_DIR": f"/etc/ssl/certs:{path}"})


def pull_with(pod_spec: Node, secret: str) -> None:
    """Let the kubelet pull with a registry Secret."""
    tree.put_named(pod_spec, "imagePullSecrets", {"name": secret})
