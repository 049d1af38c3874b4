"""The manifest of the Job that builds an image in the cluster. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ruamel.yaml.comments import CommentedSeq

from kubectl_submit.build_backends import docker_flags
from kubectl_submit.cluster import pod_security
from kubectl_submit.execution_backends.kubernetes import job
from kubectl_submit.manifests import files, kueue, pod_template, run_secrets, shape, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model import builder
from kubectl_submit.model.builder import Builder
from kubectl_submit.model.provenance import label_value
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.runs import build_followers

REGISTRY_SECRET_PATH = "/run/registry-secret"  # noqa: S105 (DOCKER_CONFIG in the manifest)
GIT_SECRET_PATH = "/run/git-secret"  # noqa: S105 (GIT_SECRET in the manifest)
CLIENT_CERTIFICATE_PATH = "/run/builder"  # BUILDER_CERTIFICATE in the manifest
BUILDKIT = "buildkit"
OF_BUILDKIT = ("socket", "layers")
"""The volumes that only a BuildKit beside the build needs."""


def render(parameters: BuildParameters) -> list[Node]:
    """The build Job, and whatever else the user's manifest contains. Raises ManifestError."""
    text, source = files.read(parameters.manifest, "build-remote.yml")
    documents = tree.load(text, source)
    root = tree.only(documents, "Job", source)
    shape.check_shape(root, job.SHAPE, source)
    facts = parameters.source.facts(parameters.name)
    pod_template.identify(root, parameters.job, facts)
    tree.put(root, ("metadata", "labels", build_followers.RECIPE_LABEL), parameters.recipe)
    tree.put_all(root, ("metadata", "annotations"), build_followers.added(parameters.name, facts))
    template = tree.child(root, "spec", "template")
    pod_template.describe_pod(template, facts)
    pod_spec = tree.child(template, "spec")
    container = tree.only_container(pod_spec, source)
    pod_template.record_container(root, container)
    if parameters.queue:
        kueue.enqueue(root, [pod_spec], parameters.queue, parameters.priority)
    _set_build(container, parameters)
    _set_images(pod_spec, container, parameters)
    _set_size(pod_spec, container, parameters)
    _set_credentials(pod_spec, container, parameters)
    if parameters.builder:
        _use_builder(template, container, parameters.builder)
    return [
        *documents,
        *run_secrets.documents(f"{parameters.name}-build", facts, parameters.new_secrets),
    ]


def _set_build(container: Node, parameters: BuildParameters) -> None:
    pushed = parameters.temporary_commit
    caches = parameters.cache.references(parameters.pull_name, parameters.platform or "")
    variables = {
        "GIT_URL": parameters.fetch_url,
        "COMMIT": pushed.commit if pushed else parameters.source.commit,
        "REF": pushed.ref if pushed else "",
        "IMAGE": parameters.image,
        "DOCKERFILE": parameters.dockerfile,
        "CONTEXT": parameters.context,
        "CACHE_FROM": " ".join(caches),
        "CACHE_TO": caches[0] if caches else "",
        "REBUILD": "yes" if parameters.rebuild else "",
    }
    pod_template.set_environment(container, variables)
    flags = docker_flags.common_flags(parameters)
    for number, secret in enumerate(parameters.secrets):
        flags.append(docker_flags.secret_flag(secret, f"{run_secrets.BUILD_SECRETS_PATH}/{number}"))
    tree.put(container, ("args",), [pod_template.literal(flag) for flag in flags])


def _set_images(pod_spec: Node, container: Node, parameters: BuildParameters) -> None:
    if parameters.builder_image:
        tree.put(container, ("image",), parameters.builder_image)
    for sidecar in _sidecars(pod_spec) if parameters.buildkit_image else []:
        tree.put(sidecar, ("image",), parameters.buildkit_image)


def _set_size(pod_spec: Node, container: Node, parameters: BuildParameters) -> None:
    """BuildKit does the work: what is asked for is its request. Both containers have the limit."""
    for resource, amount in (("cpu", parameters.cpu), ("memory", parameters.memory)):
        if not amount:
            continue
        tree.put(container, ("resources", "limits", resource), amount)
        for sidecar in _sidecars(pod_spec):
            for kind in ("requests", "limits"):
                tree.put(sidecar, ("resources", kind, resource), amount)


def _sidecars(pod_spec: Node) -> list[Node]:
    found = pod_spec.get("initContainers") or []
    return [one for one in found if one.get("name") == BUILDKIT]


def _set_credentials(pod_spec: Node, container: Node, parameters: BuildParameters) -> None:
    for one in parameters.new_secrets:
        _mount(pod_spec, container, f"{parameters.name}-build{one.suffix}", one.path)
    if parameters.registry_secret:
        pod_template.mount_secret(
            pod_spec,
            container,
            parameters.registry_secret,
            REGISTRY_SECRET_PATH,
            items={".dockerconfigjson": "config.json"},
        )
        pod_template.pull_with(pod_spec, parameters.registry_secret)
    if parameters.git_secret:
        pod_template.mount_secret(pod_spec, container, parameters.git_secret, GIT_SECRET_PATH)
    if parameters.proxy_secret:
        for user in (container, *_sidecars(pod_spec)):
            pod_template.set_environment_of(user, parameters.proxy_secret)
    if parameters.service_account:
        tree.put(pod_spec, ("serviceAccountName",), parameters.service_account)


def _mount(pod_spec: Node, container: Node, secret: str, path: str) -> None:
    """Mount a Secret that is made for the build, if it has a path; authorities in all containers.

    docker and BuildKit are told of those by a variable, git by the script.
    """
    if path == run_secrets.AUTHORITIES_PATH:
        for one in (container, *_sidecars(pod_spec)):
            pod_template.mount_secret(pod_spec, one, secret, path)
            pod_template.trust_authorities(one, path)
    elif path:
        pod_template.mount_secret(pod_spec, container, secret, path)


def _use_builder(template: Node, container: Node, chosen: Builder) -> None:
    """Build with a BuildKit that runs already: the pod then needs no exception of its own."""
    pod_spec = tree.child(template, "spec")
    _remove(pod_spec, "initContainers", (BUILDKIT,))
    _remove(container, "volumeMounts", OF_BUILDKIT)
    _remove(pod_spec, "volumes", OF_BUILDKIT)
    pod_template.set_environment(container, {"BUILDER": chosen.address})
    client = {builder.CLIENT_LABEL: label_value(chosen.name)}
    tree.put_all(template, ("metadata", "labels"), client)
    if chosen.secret:
        pod_template.mount_secret(pod_spec, container, chosen.secret, CLIENT_CERTIFICATE_PATH)
    pod_security.restrict([pod_spec])


def _remove(node: Node, key: str, names: Sequence[str]) -> None:
    """Remove the items of these names from a list, and the list if nothing is left."""
    items = tree.child(node, key, kind=CommentedSeq)
    for index in reversed(range(len(items))):
        if items[index].get("name") in names:
            del items[index]
    if not items:
        del node[key]
