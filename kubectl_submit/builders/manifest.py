"""The manifest of a builder: what `builder create` applies. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from ruamel.yaml.scalarstring import LiteralScalarString

from kubectl_submit.builders.certificates import Certificates, Pair
from kubectl_submit.following.no_pod import quantity_value
from kubectl_submit.manifests import files, pod_template, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model import builder, provenance
from kubectl_submit.model.builder import BuilderSettings

MANIFEST = "builder.yml"
CONTAINER = "buildkit"
SETTINGS_PATH = "/home/user/.config/buildkit"
READ_AT_START = "kubectl-submit/read-at-start"
CACHE_SHARE = 0.8
"""The part of the storage that the cache may keep; running builds need the rest."""
BOUND = """\
# What was not used for longest is removed, cache mounts as well as layers.
[worker.oci]
gc = true
[[worker.oci.gcpolicy]]
all = true
maxUsedSpace = "{megabytes}MB"
"""
OWN_BOUND = re.compile(r"(?m)^\s*\[+\s*worker\.oci\b")


def hosts(name: str, namespace: str) -> list[str]:
    """The names under which builds reach a builder."""
    return [name, *(f"{name}.{namespace}{end}" for end in ("", ".svc", ".svc.cluster.local"))]


def render(name: str, settings: BuilderSettings, certificates: Certificates) -> list[Node]:
    """All objects of a builder."""
    documents = tree.load(*files.read(None, MANIFEST))
    kinds = {str(one["kind"]): one for one in documents if one["kind"] != "Secret"}
    for one in documents:
        _identify(one, str(one["metadata"]["name"]).replace(builder.DEFAULT_NAME, name), name)
    server, client = (one for one in documents if one["kind"] == "Secret")
    _fill(server, certificates.authority, certificates.server)
    _fill(client, certificates.authority, certificates.client)
    toml = _toml(settings)
    kinds["ConfigMap"]["data"]["buildkitd.toml"] = LiteralScalarString(toml)
    if settings.authorities:
        authorities = LiteralScalarString(settings.authorities)
        tree.put(kinds["ConfigMap"], ("data", "ca.crt"), authorities)
    selected = {builder.BUILDER_LABEL: name}
    tree.put(kinds["Service"], ("spec", "selector"), selected)
    tree.put(kinds["NetworkPolicy"], ("spec", "podSelector", "matchLabels"), selected)
    _allow(kinds["NetworkPolicy"], settings.allow_namespace)
    _set_up(kinds["StatefulSet"], name, settings, certificates, toml)
    if quantity_value(settings.storage):
        _claim(kinds["PersistentVolumeClaim"], settings)
    else:
        documents.remove(kinds["PersistentVolumeClaim"])
    return [*documents, *_copies(client, settings.allow_namespace)]


def _identify(document: Node, own_name: str, name: str) -> None:
    labels = {provenance.MANAGED: "kubectl-submit", builder.BUILDER_LABEL: name}
    tree.put(document, ("metadata", "name"), own_name)
    tree.put_all(document, ("metadata", "labels"), labels)


def _fill(secret: Node, authority: str, pair: Pair) -> None:
    texts = {"ca.crt": authority, "tls.crt": pair.certificate, "tls.key": pair.key}
    tree.put_all(secret, ("stringData",), texts)


def _toml(settings: BuilderSettings) -> str:
    """buildkitd.toml: the user's, and the bound of the cache unless that has its own."""
    text = settings.buildkitd_toml
    megabytes = int(quantity_value(settings.storage) * CACHE_SHARE) >> 20
    if not megabytes or OWN_BOUND.search(text):
        return text
    return "\n".join(filter(None, [text.rstrip("\n"), BOUND.format(megabytes=megabytes)]))


def _allow(policy: Node, namespaces: Sequence[str]) -> None:
    """Admit the pods of builds in other namespaces."""
    clients = {"matchExpressions": [{"key": builder.CLIENT_LABEL, "operator": "Exists"}]}
    for namespace in namespaces:
        named = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        source = {"namespaceSelector": named, "podSelector": clients}
        policy["spec"]["ingress"][0]["from"].append(tree.quoted(source))


def _copies(client: Node, namespaces: Sequence[str]) -> list[Node]:
    """The Secret of the clients for other namespaces."""
    copies = []
    for namespace in namespaces:
        copies += tree.load(tree.dump([client]), MANIFEST)
        tree.put(copies[-1], ("metadata", "namespace"), namespace)
    return copies


def _claim(claim: Node, settings: BuilderSettings) -> None:
    tree.put(claim, ("spec", "resources", "requests", "storage"), settings.storage)
    if settings.storage_class:
        tree.put(claim, ("spec", "storageClassName"), settings.storage_class)


def _set_up(
    stateful_set: Node, name: str, settings: BuilderSettings, certificates: Certificates, toml: str
) -> None:
    known = {builder.EXPIRES: certificates.expires, builder.SETTINGS: settings.recorded()}
    tree.put_all(stateful_set, ("metadata", "annotations"), known)
    tree.put(stateful_set, ("spec", "serviceName"), name)
    selected = {builder.BUILDER_LABEL: name}
    tree.put(stateful_set, ("spec", "selector", "matchLabels"), selected)
    template = tree.child(stateful_set, "spec", "template")
    tree.put(template, ("metadata", "labels"), selected)
    # BuildKit reads these when it starts: a change of one has to start it again.
    texts = certificates.authority + toml + settings.authorities
    read = hashlib.sha256(texts.encode()).hexdigest()
    tree.put_all(template, ("metadata", "annotations"), {READ_AT_START: read[:16]})
    pod_spec = tree.child(template, "spec")
    _set_volumes(pod_spec, name, settings.storage)
    _set_images(pod_spec, settings)
    (container,) = pod_spec["containers"]
    for resource, amount in (("cpu", settings.cpu), ("memory", settings.memory)):
        for kind in ("requests", "limits") if amount else ():
            tree.put(container, ("resources", kind, resource), amount)
    if settings.proxy_secret:
        pod_template.set_environment_of(container, settings.proxy_secret)
    if settings.authorities:
        pod_template.trust_authorities(container, SETTINGS_PATH)
    if settings.node_selector:
        tree.put(pod_spec, ("nodeSelector",), dict(settings.node_selector))


def _set_volumes(pod_spec: Node, name: str, storage: str) -> None:
    claim = {"persistentVolumeClaim": {"claimName": name}}
    volumes: dict[str, Mapping[str, object]] = {
        "layers": claim if quantity_value(storage) else {"emptyDir": {}},
        "settings": {"configMap": {"name": name}},
        "certificates": {"secret": {"secretName": f"{name}-server"}},
    }
    for volume, source in volumes.items():
        tree.put_named(pod_spec, "volumes", {"name": volume, **source})


def _set_images(pod_spec: Node, settings: BuilderSettings) -> None:
    for one in (*pod_spec["initContainers"], *pod_spec["containers"]):
        if settings.buildkit_image:
            tree.put(one, ("image",), settings.buildkit_image)
    if settings.registry_secret:
        pod_template.pull_with(pod_spec, settings.registry_secret)
