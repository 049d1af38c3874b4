"""Creates the objects of a manifest, all or none, even if a connection is cut.

Objects that pods need come first, then the object that runs, then the rest. A pod cannot start
without its Secret or ConfigMap, and a pod that looks up a Service too early may get no address for
half a minute. The object that runs owns all the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.cluster import permissions
from kubectl_submit.cluster.json_output import objects
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error, error_kind
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind, SubmitError
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.objects import Object
from kubectl_submit.process.command import Result
from kubectl_submit.process.masking import mask

# A broken connection (Go's net package); the server may have received the request.
CUT = ("EOF", "connection reset", "connection lost", "broken pipe")
# How kubectl shows a warning of the server (client-go rest/warnings.go).
WARNING = "Warning: "
RETRIES = 3
# The verbs to set an owner, and to delete again; kubectl patch reads the object first.
CHANGE = ("get", "patch", "delete")
# What pods need besides Secrets: kind and resource.
PREREQUISITES = {
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}


def create(documents: Iterable[Node], kind: str, kubectl: Kubectl) -> Object:
    """Create all documents, or none; returns the created object of this kind.

    The other objects are deleted with it. Raises ClusterError.
    """
    documents = list(documents)
    main = [one for one in documents if one["kind"] == kind]
    first, others = _by_time([one for one in documents if one["kind"] != kind], kubectl)
    created = create_manifest(tree.dump(first), kubectl) if first else []
    try:
        created += create_manifest(tree.dump(main), kubectl)
        owner = created[-1]
        for other in others:
            _own(other, owner)
        if others:
            create_manifest(tree.dump(others), kubectl)
        _adopt(created[:-1], owner, kubectl)
    except BaseException as error:
        for one in reversed(created):
            metadata = one["metadata"]
            take_back(one["kind"], metadata["name"], metadata["namespace"], error, kubectl)
        raise
    return owner


def create_manifest(manifest: str, kubectl: Kubectl, *, dry_run: bool = False) -> list[Object]:
    """Create every document of a manifest, all or none; returns the created objects.

    After a cut connection, the request is repeated; as we choose the names, nothing is created
    twice. Raises ClusterError, after deleting what was created.
    """
    flags = ["-o", "json", *(["--dry-run=server"] if dry_run else [])]
    result = kubectl.create(manifest, *flags)
    for _ in range(RETRIES):
        if result.exit_code == 0 or not any(sign in result.stderr for sign in CUT):
            break
        result = _create_again(manifest, flags, kubectl)
    created = list(objects(result.stdout))
    if result.exit_code == 0:
        return created
    refusal = cluster_error(
        "the cluster refused the manifest", result.stderr, code=ErrorCode.MANIFEST_REFUSED
    )
    for obj in [] if dry_run else created:
        metadata = obj["metadata"]
        take_back(obj["kind"], metadata["name"], metadata.get("namespace"), refusal, kubectl)
    raise refusal


def warnings(manifest: str, kubectl: Kubectl) -> list[str]:
    """The server's warnings about a manifest, from a dry run."""
    result = kubectl.create(manifest, "-o", "name", "--dry-run=server")
    lines = mask(result.stderr).splitlines()
    return [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]


def take_back(
    kind: str, name: str, namespace: str | None, reason: BaseException, kubectl: Kubectl
) -> None:
    """Delete an object because of an error; if that fails, add a note to the error."""
    try:
        kubectl.delete(kind, name, namespace)
    except ClusterError as error:
        if isinstance(reason, SubmitError):
            yourself = f"Delete {kind} {name} yourself: {error.message}"
            reason.remedy = "\n".join(filter(None, [reason.remedy, yourself]))


def _create_again(manifest: str, flags: Sequence[str], kubectl: Kubectl) -> Result:
    """Create what the previous call may already have created."""
    result = kubectl.create(manifest, *flags)
    there = error_kind(result.stderr) is ClusterErrorKind.ALREADY_EXISTS
    return kubectl.get_manifest(manifest) if there else result


def _by_time(documents: Sequence[Node], kubectl: Kubectl) -> tuple[list[Node], list[Node]]:
    """The documents to create before the object that runs, and those after it.

    An object comes first only if the user may set its owner later, and may delete it. Secrets
    always come first.
    """
    here = [one for one in documents if one["kind"] in PREREQUISITES and not _elsewhere(one)]
    resources = dict.fromkeys(PREREQUISITES[one["kind"]] for one in here)
    verbs = [(resource, verb) for resource in resources for verb in CHANGE]
    refused = {resource for resource, _ in permissions.refused(kubectl, verbs)}
    early = [one for one in here if PREREQUISITES[one["kind"]] not in refused]
    first = [one for one in documents if one["kind"] == "Secret" or one in early]
    return first, [one for one in documents if one not in first]


def _elsewhere(document: Node) -> bool:
    """Whether it names its own namespace, which may differ from that of the run."""
    return bool((document.get("metadata") or {}).get("namespace"))


def _own(document: Node, owner: Object) -> None:
    """Let an object own another one, which can only be in its own namespace."""
    metadata = tree.child(document, "metadata")
    namespace = owner["metadata"]["namespace"]
    if metadata.setdefault("namespace", namespace) == namespace:
        tree.put(document, ("metadata", "ownerReferences"), [_reference(owner)])


def _adopt(created: Sequence[Object], owner: Object, kubectl: Kubectl) -> None:
    """Let an object own those that exist, as far as they are in its namespace."""
    namespace = owner["metadata"]["namespace"]
    names: dict[str, list[str]] = {}
    for one in created:
        if one["metadata"]["namespace"] == namespace:
            names.setdefault(str(one["kind"]).lower(), []).append(one["metadata"]["name"])
    for kind, of_kind in names.items():
        owned = {"metadata": {"ownerReferences": [_reference(owner)]}}
        kubectl.patch(kind, of_kind, namespace, owned)


def _reference(owner: Object) -> Object:
    reference = {key: owner[key] for key in ("apiVersion", "kind")}
    return reference | {key: owner["metadata"][key] for key in ("name", "uid")}
