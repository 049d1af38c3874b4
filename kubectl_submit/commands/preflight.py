"""Checks before the build what the cluster would refuse after it."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import claims, existence
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.manifests import run_secrets
from kubectl_submit.manifests.tree import Node

LOCAL_QUEUE = "localqueue.kueue.x-k8s.io"
WORKLOAD_PRIORITY = "workloadpriorityclass.kueue.x-k8s.io"
PRIORITY = "priorityclass.scheduling.k8s.io"


def check(
    documents: list[Node], backend: ExecutionBackend, options: Options, kubectl: Kubectl
) -> list[str]:
    """Ask the server whether it accepts the manifest, and whether the named objects exist.

    Gives what there is to say of them. Raises ClusterError: out of reach, no permission, no such
    namespace, a missing Secret.
    """
    backend.check(documents, kubectl)
    check_names(options, kubectl)
    return check_claims(documents, backend, options, kubectl)


def check_claims(
    documents: list[Node], backend: ExecutionBackend, options: Options, kubectl: Kubectl
) -> list[str]:
    """Check that the pods of the run can mount the claims of --volume.

    Gives what there is to say of them. Raises ClusterError.
    """
    names = dict.fromkeys(one.name for one in options.volume if one.kind == claims.KIND)
    if not names:
        return []
    # A build Job may come before the Job of the run.
    *_, run = (one for one in documents if one["kind"] == backend.object_kind)
    pods = backend.pods(run)
    return list(filter(None, (claims.check(kubectl, name, pods) for name in names)))


def check_names(options: Options, kubectl: Kubectl) -> None:
    """Check that what the options name exists: Secrets, volumes, the service account, the queue."""
    create = "Create it with `kubectl create`, or choose another namespace with -n."
    named = named_objects(options)
    _check(kubectl, named, "not in the namespace", create, code=ErrorCode.OBJECT_NOT_FOUND)
    if options.registry_secret:
        _check_type(options.registry_secret, kubectl)
    queue, priority = named_queue(options)
    another = "Choose another one, or another namespace."
    _check(kubectl, queue, "not in the namespace", another, code=ErrorCode.QUEUE_NOT_FOUND)
    choose, code = "Choose another one.", ErrorCode.PRIORITY_CLASS_NOT_FOUND
    _check(kubectl, priority, "not in the cluster", choose, code=code)


def named_objects(options: Options) -> list[str]:
    """The Secrets, volumes and service account that the options name, as `kind/name`."""
    secrets = [secret.name for secret in options.secret]
    used = (options.registry_secret, options.git_secret, options.proxy_secret)
    secrets += [name for name in used if name]
    named = [f"secret/{name}" for name in dict.fromkeys(secrets)]
    named += dict.fromkeys(f"{volume.kind}/{volume.name}" for volume in options.volume)
    account = options.service_account
    return [*named, f"serviceaccount/{account}"] if account else named


def named_queue(options: Options) -> tuple[list[str], list[str]]:
    """The queue and the priority class that the options name."""
    queue = [f"{LOCAL_QUEUE}/{options.queue}"] if options.queue else []
    if not options.priority or options.manifest:  # a manifest may name the queue
        return queue, []
    kind = WORKLOAD_PRIORITY if options.queue else PRIORITY
    return queue, [f"{kind}/{options.priority}"]


def _check_type(registry_secret: str, kubectl: Kubectl) -> None:
    """With a Secret of another type, a pod would wait forever."""
    found = kubectl.secret_type(registry_secret)
    if found and found != run_secrets.PULL_SECRET:
        raise ClusterError(
            f"secret/{registry_secret} is of the type {found}, not {run_secrets.PULL_SECRET}",
            code=ErrorCode.REGISTRY_SECRET_WRONG_TYPE,
            remedy="Create one with `kubectl create secret docker-registry`.",
        )


def _check(
    kubectl: Kubectl, wanted: Sequence[str], complaint: str, remedy: str, *, code: ErrorCode
) -> None:
    missing = existence.missing(kubectl, wanted) if wanted else []
    if not missing:
        return
    kind, _, _ = missing[0].partition("/")
    if kind in (LOCAL_QUEUE, WORKLOAD_PRIORITY, PRIORITY):
        there = ", ".join(kubectl.names(kind)) or "none"
        remedy = f"{remedy} There is: {there}."
    shown = ", ".join(existence.without_group(name) for name in missing)
    raise ClusterError(f"{complaint}: {shown}", code=code, remedy=remedy)
