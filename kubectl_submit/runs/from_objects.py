"""Assembles runs from their objects. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from kubectl_submit import execution_backends
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.model.objects import Object
from kubectl_submit.model.provenance import NAME_LABEL, PREFIX
from kubectl_submit.model.run import Run, RunStatus
from kubectl_submit.runs import build_followers
from kubectl_submit.runs.build_status import build_status


@dataclass
class Objects:
    """The objects of runs from a list or a watch, by uid."""

    of_kind: dict[str, dict[str, Object]] = field(default_factory=lambda: defaultdict(dict))
    """By kind, as kubectl names it, and `pods`."""
    absent: set[str] = field(default_factory=set)
    """The kinds that the cluster does not have, or that we may not read."""


@dataclass
class _Parts:
    main: Object | None = None
    backend: ExecutionBackend = field(default_factory=lambda: execution_backends.every()[0])
    build: Object | None = None
    pods: list[Object] = field(default_factory=list)


def runs(objects: Objects, *, all_of_a_build: bool = True) -> list[Run]:
    """The runs that the objects belong to, the newest last.

    Runs of the same image share the Job that builds it. Without `all_of_a_build` it counts only
    for the run that created it, because a selection of objects lacks those of other runs.
    """
    parts: dict[tuple[str, str], _Parts] = {}
    for backend in execution_backends.every():
        for obj in objects.of_kind[backend.kind].values():
            namespace, name = _key(obj)
            # A run's name never ends as that of a build does.
            if obj["metadata"]["name"] == name:
                part = parts.setdefault((namespace, name), _Parts())
                part.main, part.backend = obj, backend
                continue
            for run in _built_for(obj, name):
                if all_of_a_build or run == name:
                    _note_build(parts.setdefault((namespace, run), _Parts()), obj)
    for pod in objects.of_kind["pods"].values():
        if _key(pod) in parts:
            parts[_key(pod)].pods.append(pod)
    found = [_run(namespace, name, part) for (namespace, name), part in parts.items()]
    return sorted(found, key=lambda one: (one.created, one.name))


def _built_for(build: Object, creator: str) -> Iterable[str]:
    """The runs that a build Job is for."""
    if build_followers.RECIPE_LABEL not in build["metadata"].get("labels", {}):
        return [creator]  # created by a version that did not share builds
    return build_followers.followers(build)


def _note_build(part: _Parts, build: Object) -> None:
    """Note a build Job; if several tried to build the image, the newest counts."""
    if part.build is None or _created(part.build) <= _created(build):
        part.build = build


def _created(obj: Object) -> str:
    return str(obj["metadata"]["creationTimestamp"])


def _key(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    name = metadata.get("labels", {}).get(NAME_LABEL, metadata["name"])
    return metadata["namespace"], name


def _run(namespace: str, name: str, parts: _Parts) -> Run:
    status = (parts.main or {}).get("status", {})
    ready, workers = _workers(parts)
    follower = build_followers.followers(parts.build).get(name) if parts.build else None
    begun = [_created(one) for one in (parts.main,) if one]
    if parts.build:
        begun.append(follower.since if follower and follower.since else _created(parts.build))
    return Run(
        name=name,
        namespace=namespace,
        kind=parts.backend.kind,
        backend=parts.backend.name,
        status=_status(parts, name),
        workers=workers,
        ready=ready,
        created=min(begun),
        started=status.get("startTime") or "",
        ended=ended_at(status),
        facts=_facts(parts, follower),
        main=parts.main,
        build=parts.build,
        pods=tuple(parts.pods),
    )


def _facts(parts: _Parts, follower: build_followers.Follower | None) -> dict[str, str]:
    """The facts recorded by the submit; on a shared build Job those of the follower."""
    if follower and not parts.main:
        return follower.facts
    anchor = parts.main or parts.build or {}
    annotations = anchor["metadata"].get("annotations", {})
    return {
        key.removeprefix(PREFIX): value
        for key, value in annotations.items()
        if key.startswith(PREFIX)
    }


def _workers(parts: _Parts) -> tuple[int, int]:
    """How many workers are ready, and how many there should be."""
    if parts.main is None:
        return 0, 0
    return parts.backend.workers(parts.main)


def _status(parts: _Parts, name: str) -> RunStatus:
    if parts.main is None:
        return build_status(parts.build or {}, name)
    return parts.backend.status(parts.main, parts.pods)


def ended_at(status: Object) -> str:
    """When the object with this status ended, RFC 3339; empty while it has not."""
    finished = [
        condition.get("lastTransitionTime", "")
        for condition in status.get("conditions", [])
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True"
    ]
    return next(iter(finished), status.get("completionTime") or status.get("endTime") or "")
