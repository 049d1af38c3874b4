"""What all objects of a run say together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubectl_submit.execution_backends.ray.cluster_pods import ROLE_LABEL, crew_state
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import command_container, pod_state
from kubectl_submit.model.provenance import NAME_LABEL, PREFIX
from kubectl_submit.model.run import Run, Standing
from kubectl_submit.runs import build_followers
from kubectl_submit.runs.run_status import build_standing, job_standing, ray_standing

JOB_LABEL = "batch.kubernetes.io/job-name"


@dataclass
class Objects:
    """Objects of runs, as a list or a watch tells them, by uid."""

    jobs: dict[str, Object] = field(default_factory=dict)
    ray_jobs: dict[str, Object] = field(default_factory=dict)
    pods: dict[str, Object] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Which of these the cluster does not have, or does not show us."""


@dataclass
class _Parts:
    main: Object | None = None
    kind: str = "job"
    build: Object | None = None
    pods: list[Object] = field(default_factory=list)


def runs(objects: Objects, *, all_of_a_build: bool = True) -> list[Run]:
    """The runs that the objects belong to, the newest last.

    Runs of the same image share the Job that builds it. Without `all_of_a_build` it counts only
    for the run that created it: where the objects are a selection, those of others are missing.
    """
    parts: dict[tuple[str, str], _Parts] = {}
    for kind, some in (("job", objects.jobs), ("rayjob", objects.ray_jobs)):
        for obj in some.values():
            namespace, name = _key(obj)
            # A run's name never ends as that of a build does.
            if obj["metadata"]["name"] == name:
                part = parts.setdefault((namespace, name), _Parts())
                part.main, part.kind = obj, kind
                continue
            for run in _built_for(obj, name):
                if all_of_a_build or run == name:
                    _note_build(parts.setdefault((namespace, run), _Parts()), obj)
    for pod in objects.pods.values():
        if _key(pod) in parts:
            parts[_key(pod)].pods.append(pod)
    found = [_run(namespace, name, part) for (namespace, name), part in parts.items()]
    return sorted(found, key=lambda one: (one.created, one.name))


def _built_for(build: Object, creator: str) -> Iterable[str]:
    """The runs that a build Job is for."""
    if build_followers.RECIPE_LABEL not in build["metadata"].get("labels", {}):
        return [creator]  # of a version that did not share builds
    return build_followers.of_job(build)


def _note_build(part: _Parts, build: Object) -> None:
    """The newest one counts, where one after the other was to build the image."""
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
    follower = build_followers.of_job(parts.build).get(name) if parts.build else None
    begun = [_created(one) for one in (parts.main,) if one]
    if parts.build:
        begun.append(follower.since if follower and follower.since else _created(parts.build))
    return Run(
        name=name,
        namespace=namespace,
        kind=parts.kind,
        standing=_standing(parts, name, workers),
        workers=workers,
        ready=ready,
        created=min(begun),
        started=status.get("startTime") or "",
        ended=_ended(status),
        facts=_facts(parts, follower),
        main=parts.main,
        build=parts.build,
        pods=tuple(parts.pods),
    )


def _facts(parts: _Parts, follower: build_followers.Follower | None) -> dict[str, str]:
    """What was recorded at the submit; on a build Job of somebody else, by the follower."""
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
    """How many workers are ready, and how many there are to be."""
    if parts.main is None:
        return 0, 0
    status, spec = parts.main.get("status", {}), parts.main["spec"]
    if parts.kind == "job":
        return status.get("ready", 0), spec.get("completions", spec.get("parallelism", 1))
    cluster = status.get("rayClusterStatus", {})
    groups = spec.get("rayClusterSpec", {}).get("workerGroupSpecs", [])
    wanted = sum(group.get("replicas", 0) for group in groups)
    return cluster.get("readyWorkerReplicas", 0), cluster.get("desiredWorkerReplicas", wanted)


def _standing(parts: _Parts, name: str, workers: int) -> Standing:
    if parts.main is None:
        return build_standing(parts.build or {}, name)
    if parts.kind == "rayjob":
        crew = [pod for pod in parts.pods if ROLE_LABEL in pod["metadata"].get("labels", {})]
        return ray_standing(parts.main, map(crew_state, crew))
    container = command_container(parts.main, parts.main["spec"]["template"]["spec"])
    own = [pod for pod in parts.pods if pod["metadata"].get("labels", {}).get(JOB_LABEL) == name]
    return job_standing(parts.main, [pod_state(pod, container) for pod in own], workers)


def _ended(status: Object) -> str:
    finished = [
        condition.get("lastTransitionTime", "")
        for condition in status.get("conditions", [])
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True"
    ]
    return next(iter(finished), status.get("completionTime") or status.get("endTime") or "")
