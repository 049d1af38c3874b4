"""Creates a builder, changes one that is there, and deletes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubectl_submit.builders import certificates, choice, manifest, readiness, state
from kubectl_submit.builders.place import Place
from kubectl_submit.cluster.json_output import objects
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, SubmitError
from kubectl_submit.following.no_pod import quantity_value
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model import builder
from kubectl_submit.model.builder import BuilderSettings
from kubectl_submit.model.objects import Object
from kubectl_submit.output import Output

CLAIM = "persistentvolumeclaim"
KINDS = f"statefulset,service,networkpolicy,configmap,secret,{CLAIM}"


def find(place: Place) -> Object | None:
    """The StatefulSet of a builder, if there is one. Raises ClusterError."""
    found = choice.start_listing(place.kubectl, place.name).result()
    return next(iter(found), None)


def apply(
    place: Place, before: Object | None, settings: BuilderSettings, seconds: int | None, out: Output
) -> None:
    """Create a builder, or change the one there was before, and wait until it is ready.

    What did not exist before and does not become ready is deleted again. Raises SubmitError.
    """
    made = certificates.make(manifest.hosts(place.name, place.namespace))
    documents = manifest.render(place.name, settings, made)
    _check_names(place, documents)
    try:
        _apply(place, documents)
        if before:
            _remove_what_went(place, before, settings, out)
        readiness.wait(place, seconds, out, new=not before)
    except BaseException as error:
        if not before:
            _take_back(place, settings.allow_namespace, error)
        raise


def delete(place: Place) -> bool:
    """Delete a builder with all that it has stored; False if there is none. Raises ClusterError."""
    before = find(place)
    if before:
        recorded = state.annotation(before, builder.SETTINGS)
        _delete_copies(place, builder.settings_of(recorded).allow_namespace)
    return bool(place.kubectl.delete_all(KINDS, place.selector, place.namespace))


def _check_names(place: Place, documents: Iterable[Node]) -> None:
    """ClusterError if an object of another purpose has a name that the builder needs."""
    found: list[Object] = []
    for kubectl, text in _by_namespace(place, documents):
        result = kubectl.get_manifest(text, "--ignore-not-found")
        if result.exit_code != 0:
            raise cluster_error("cannot ask the cluster", result.stderr, code=ErrorCode.READ_FAILED)
        found += objects(result.stdout)
    for one in found:
        if (one["metadata"].get("labels") or {}).get(builder.BUILDER_LABEL) != place.name:
            raise ClusterError(
                f"{one['kind']} {one['metadata']['name']} exists, and belongs to no builder",
                code=ErrorCode.BUILDER_NAME_TAKEN,
                remedy="Choose another name: kubectl submit builder create NAME",
            )


def _apply(place: Place, documents: Iterable[Node]) -> None:
    for flags in (["--dry-run=server"], []):  # all of it, or nothing
        for kubectl, text in _by_namespace(place, documents):
            result = kubectl.apply(text, *flags)
            if result.exit_code != 0:
                message, code = "the cluster refused the builder", ErrorCode.MANIFEST_REFUSED
                raise cluster_error(message, result.stderr, code=code)


def _by_namespace(place: Place, documents: Iterable[Node]) -> Iterator[tuple[Kubectl, str]]:
    """The manifest of each namespace, and the kubectl for it: that takes one at a time."""
    named: dict[str, list[Node]] = {}
    for one in documents:
        named.setdefault(one["metadata"].get("namespace", ""), []).append(one)
    for namespace, found in named.items():
        kubectl = place.kubectl.in_namespace(namespace) if namespace else place.kubectl
        yield kubectl, tree.dump(found)


def _remove_what_went(place: Place, before: Object, settings: BuilderSettings, out: Output) -> None:
    """Delete what a builder no longer needs: its claim, the Secrets in other namespaces."""
    old = builder.settings_of(state.annotation(before, builder.SETTINGS))
    gone = [one for one in old.allow_namespace if one not in settings.allow_namespace]
    _delete_copies(place, gone)
    if quantity_value(old.storage) and not quantity_value(settings.storage):
        place.kubectl.delete_all(CLAIM, place.selector, place.namespace)
        out.status(f"{CLAIM}/{place.name} is deleted, with all that the builder had stored")


def _take_back(place: Place, namespaces: Iterable[str], error: BaseException) -> None:
    try:
        _delete_copies(place, namespaces)
        place.kubectl.delete_all(KINDS, place.selector, place.namespace)
    except ClusterError as failed:
        if isinstance(error, SubmitError):
            yourself = f"Delete it yourself ({place.selector}): {failed.message}"
            error.remedy = "\n".join(filter(None, [error.remedy, yourself]))


def _delete_copies(place: Place, namespaces: Iterable[str]) -> None:
    for namespace in namespaces:
        place.kubectl.in_namespace(namespace).delete("secret", f"{place.name}-client")
