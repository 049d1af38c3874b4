"""Chooses the builder that a build in the cluster uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubectl_submit import times
from kubectl_submit.builders import readiness, state
from kubectl_submit.builders.place import Place
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import REFUSED
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, UsageError
from kubectl_submit.model import builder
from kubectl_submit.model.builder import Builder
from kubectl_submit.model.objects import Object
from kubectl_submit.output import Output
from kubectl_submit.process.pending import Pending

NONE = "none"
ADDRESS = "tcp://"


def given(options: Options) -> Builder | None:
    """The builder that the options name, as far as they alone tell. Raises UsageError."""
    chosen = options.builder or ""
    if options.builder_secret and not chosen.startswith(ADDRESS):
        raise UsageError(
            "--builder-secret needs the address of a builder: --builder tcp://HOST:PORT",
            code=ErrorCode.BUILDER_SECRET_WITHOUT_ADDRESS,
        )
    if options.build == "local" and chosen.startswith(ADDRESS):
        raise UsageError(
            "--build local takes the name of a builder of docker buildx",
            code=ErrorCode.BUILDER_ADDRESS_NOT_FOR_LOCAL,
            remedy=f"Make one: docker buildx create --name NAME --driver remote {chosen}",
        )
    if options.build == "local" or chosen in ("", NONE):
        return None
    if chosen.startswith(ADDRESS):
        host = chosen.removeprefix(ADDRESS)
        return Builder(name=host, address=chosen, secret=options.builder_secret)
    return builder.of_namespace(chosen)


def start_choosing(options: Options, kubectl: Kubectl) -> Pending[Builder | None]:
    """Ask for the builder of the namespace, unless the options name none, or an address.

    The answer may be a ClusterError: a builder that is named is not there. A user who may not look
    has none, but for one that is named. With a build manifest of one's own, that decides.
    """
    named = given(options)
    own_manifest = options.build_manifest and not options.builder
    if options.build == "local" or options.image or options.builder == NONE or own_manifest:
        return Pending(lambda: None)
    if (options.builder or "").startswith(ADDRESS):
        return Pending(lambda: named)
    asked = start_listing(kubectl)

    def answer() -> Builder | None:
        try:
            found = asked.result()
        except ClusterError as error:
            if error.kind not in REFUSED:
                raise
            return named
        chosen = _chosen(found, named)
        return chosen and replace(chosen, pending_timeout=options.pending_timeout)

    return Pending(answer)


def await_ready(chosen: Builder, kubectl: Kubectl, output: Output) -> None:
    """Wait for a builder that was not ready. Raises ClusterError, PendingTimeoutError."""
    if not chosen.ready:
        place = Place(name=chosen.name, namespace=current_namespace(kubectl), kubectl=kubectl)
        without = "Build without it: --builder none."
        readiness.wait(place, chosen.pending_timeout, output, new=False, remedy=without)


def explained(options: Options, chosen: Builder | None) -> str:
    """Which BuildKit builds, and why, for people."""
    if chosen:
        why = "named by --builder" if options.builder else "the builder of the namespace"
        return f"{chosen.name}, {why}" + ("" if chosen.ready else "; it is not ready yet")
    alone = "the build Job's own BuildKit"
    if options.builder == NONE:
        return f"{alone}, because of --builder none"
    if options.build_manifest:
        return f"{alone}, because of --build-manifest"
    return f"{alone}: the namespace has no builder (kubectl submit builder create)"


def start_listing(kubectl: Kubectl, name: str = "") -> Pending[list[Object]]:
    """Ask for the StatefulSets of all builders in the namespace, or of one. May be ClusterError."""
    selector = f"{builder.BUILDER_LABEL}={name}" if name else builder.BUILDER_LABEL
    return kubectl.start_find("statefulsets.apps", selector)


def _chosen(found: Sequence[Object], named: Builder | None) -> Builder | None:
    """The named one; else the one of the usual name, or the only one. Raises ClusterError."""
    there = {
        one["metadata"]["name"]: one for one in found if "deletionTimestamp" not in one["metadata"]
    }
    if named and named.name not in there:
        raise ClusterError(
            f"there is no builder {named.name} in the namespace",
            code=ErrorCode.BUILDER_NOT_FOUND,
            remedy=f"There is: {', '.join(there) or 'none'}. Make one: kubectl submit builder "
            f"create {named.name}",
        )
    usual = builder.DEFAULT_NAME if builder.DEFAULT_NAME in there else ""
    name = named.name if named else usual or (next(iter(there)) if len(there) == 1 else "")
    if not name:
        return None
    _check_certificates(there[name])
    return builder.of_namespace(name, ready=state.is_ready(there[name]))


def _check_certificates(stateful_set: Object) -> None:
    expires = state.annotation(stateful_set, builder.EXPIRES)
    if expires and expires < times.now():
        name = stateful_set["metadata"]["name"]
        raise ClusterError(
            f"the certificates of the builder {name} expired on {expires[:10]}",
            code=ErrorCode.BUILDER_CERTIFICATES_EXPIRED,
            remedy=f"Renew them with `kubectl submit builder create {name}`, or build without it: "
            "--builder none.",
        )
