"""Finds runs in the cluster by their labels."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import REFUSED
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind, NoSuchRunError
from kubectl_submit.execution_backends import every
from kubectl_submit.model.provenance import MANAGED, NAME_LABEL
from kubectl_submit.model.run import Run
from kubectl_submit.runs import from_objects as states
from kubectl_submit.runs.from_objects import Objects

PODS = "pods"
# Builds are always Jobs. A list without the other kinds is less complete, but still useful.
NEEDED = "job"
OURS = f"{MANAGED}=kubectl-submit"
# A pod that has succeeded adds nothing to the status of its Job.
NOT_SUCCEEDED = "status.phase!=Succeeded"


def resources() -> dict[str, tuple[str, str]]:
    """The resources to list, by kind or as PODS: the path of the API group, and the resource."""
    kinds = {one.kind: (one.api, one.resource.partition(".")[0]) for one in every()}
    return {**kinds, PODS: ("/api/v1", "pods")}


def path(what: str, namespace: str | None) -> str:
    """The API path of a resource, in one namespace or (None) in all."""
    group, resource = resources()[what]
    return f"{group}/namespaces/{namespace}/{resource}" if namespace else f"{group}/{resource}"


def query(what: str, selector: str = "") -> dict[str, str]:
    """The query for objects of this tool, narrowed by a label selector."""
    asked = {"labelSelector": ",".join(filter(None, [OURS, selector]))}
    return asked | ({"fieldSelector": NOT_SUCCEEDED} if what == PODS else {})


def read(kubectl: Kubectl, namespace: str | None, selector: str = "") -> list[Run]:
    """The runs in a namespace, or (None) in all, the newest last. Raises ClusterError."""
    return states.runs(read_objects(kubectl, namespace, selector), all_of_a_build=not selector)


def read_objects(kubectl: Kubectl, namespace: str | None, selector: str = "") -> Objects:
    """The objects of runs: one request for each kind, all at once. Raises ClusterError."""
    begun = {
        what: kubectl.start_list(path(what, namespace), **query(what, selector))
        for what in resources()
    }
    found = Objects()
    for what, items in begun.items():
        try:
            objects = items.result()
        except ClusterError as error:
            if what == NEEDED or not absent(error.kind):
                raise
            found.absent.add(what)
        else:
            found.of_kind[what].update({one["metadata"]["uid"]: one for one in objects})
    return found


def named(kubectl: Kubectl, namespace: str, name: str) -> list[Run]:
    """The run of exactly this name, if it exists. Raises ClusterError."""
    return read(kubectl, namespace, f"{NAME_LABEL}={name}")


def find(kubectl: Kubectl, names: Sequence[str], *, selector: str = "") -> list[Run]:
    """The runs of these names or unique prefixes of names; each run once.

    A name may follow its kind, as `list -o name` writes it. Raises NoSuchRunError.
    """
    namespace = current_namespace(kubectl)
    there = read(kubectl, namespace, selector)
    found = [_one(kubectl, namespace, there, name.rpartition("/")[2]) for name in names]
    return list({run.name: run for run in found}.values())


def _one(kubectl: Kubectl, namespace: str, there: list[Run], name: str) -> Run:
    exact = [run for run in there if run.name == name]
    matches = exact or [run for run in there if name and run.name.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NoSuchRunError(
            f"{name!r} is the beginning of {len(matches)} names in {namespace}",
            code=ErrorCode.RUN_NAME_AMBIGUOUS,
            last_words="\n".join(run.name for run in matches),
            remedy="Give more characters of the name.",
        )
    raise _not_found(kubectl, namespace, name)


def _not_found(kubectl: Kubectl, namespace: str, name: str) -> NoSuchRunError:
    """The error for a missing run: perhaps it is in another namespace, or not one of ours."""
    foreign = _foreign(kubectl, namespace, name)
    if foreign:
        return NoSuchRunError(
            f"{foreign} in {namespace} was not created by kubectl-submit", code=ErrorCode.NOT_A_RUN
        )
    try:
        elsewhere = [run for run in read(kubectl, None) if name and run.name.startswith(name)]
    except ClusterError:  # the user may not list all namespaces
        elsewhere = []
    if elsewhere:
        where = ", ".join(sorted({run.namespace for run in elsewhere}))
        return NoSuchRunError(
            f"there is no run {name!r} in {namespace}; there is one in {where}",
            code=ErrorCode.RUN_IN_ANOTHER_NAMESPACE,
            remedy=f"Add -n {elsewhere[0].namespace}.",
        )
    return NoSuchRunError(
        f"there is no run {name!r} in {namespace}",
        code=ErrorCode.RUN_NOT_FOUND,
        remedy="See `kubectl submit list`.",
    )


def _foreign(kubectl: Kubectl, namespace: str, name: str) -> str:
    """An object of this name that is not ours, as `kind/name`; empty if there is none."""
    for kind in (one.kind for one in every()):
        selector = f"metadata.name={name}"
        with contextlib.suppress(ClusterError):
            if kubectl.start_list(path(kind, namespace), fieldSelector=selector).result():
                return f"{kind}/{name}"
    return ""


def absent(kind: ClusterErrorKind) -> bool:
    """Whether the cluster does not have this kind, or we may not read it."""
    return kind is ClusterErrorKind.NOT_FOUND or kind in REFUSED
