"""What all objects of a run say together. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from kubectl_submit.kubectl import Object
from kubectl_submit.provenance import NAME_LABEL, PREFIX
from kubectl_submit.run import Run, Standing
from kubectl_submit.states.crew import ROLE_LABEL, crew_state
from kubectl_submit.states.pods import pod_state
from kubectl_submit.states.standing import build_standing, job_standing, ray_standing

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


def runs(objects: Objects) -> list[Run]:
    """The runs that the objects belong to, the newest last."""
    parts: dict[tuple[str, str], _Parts] = {}
    for kind, some in (("job", objects.jobs), ("rayjob", objects.ray_jobs)):
        for obj in some.values():
            part = parts.setdefault(_key(obj), _Parts())
            # A run's name never ends as that of its build does.
            if obj["metadata"]["name"] == _key(obj)[1]:
                part.main, part.kind = obj, kind
            else:
                part.build = obj
    for pod in objects.pods.values():
        if _key(pod) in parts:
            parts[_key(pod)].pods.append(pod)
    found = [_run(namespace, name, part) for (namespace, name), part in parts.items()]
    return sorted(found, key=lambda one: (one.created, one.name))


def _key(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    name = metadata.get("labels", {}).get(NAME_LABEL, metadata["name"])
    return metadata["namespace"], name


def _run(namespace: str, name: str, parts: _Parts) -> Run:
    anchor = parts.main or parts.build or {}
    first = parts.build or anchor
    status = (parts.main or {}).get("status", {})
    ready, workers = _workers(parts)
    annotations = anchor["metadata"].get("annotations", {})
    facts = {
        key.removeprefix(PREFIX): value
        for key, value in annotations.items()
        if key.startswith(PREFIX)
    }
    return Run(
        name=name,
        namespace=namespace,
        kind=parts.kind,
        standing=_standing(parts, name, workers),
        workers=workers,
        ready=ready,
        created=min(
            first["metadata"]["creationTimestamp"], anchor["metadata"]["creationTimestamp"]
        ),
        started=status.get("startTime") or "",
        ended=_ended(status),
        facts=facts,
        main=parts.main,
        build=parts.build,
        pods=tuple(parts.pods),
    )


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
        return build_standing(parts.build or {})
    if parts.kind == "rayjob":
        crew = [pod for pod in parts.pods if ROLE_LABEL in pod["metadata"].get("labels", {})]
        return ray_standing(parts.main, map(crew_state, crew))
    container = parts.main["spec"]["template"]["spec"]["containers"][0]["name"]
    own = [pod for pod in parts.pods if pod["metadata"].get("labels", {}).get(JOB_LABEL) == name]
    return job_standing(parts.main, [pod_state(pod, container) for pod in own], workers)


def _ended(status: Object) -> str:
    finished = [
        condition.get("lastTransitionTime", "")
        for condition in status.get("conditions", [])
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True"
    ]
    return next(iter(finished), status.get("completionTime") or status.get("endTime") or "")
