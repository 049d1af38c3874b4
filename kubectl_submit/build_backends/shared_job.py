"""One build Job for all submits of the same image: the first creates it, the others follow it.

Its name is made of what decides about the image, so that the API server lets only one create it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from kubectl_submit import times
from kubectl_submit.build_backends import build_job, docker
from kubectl_submit.cluster import creation
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.execution_backends.kubernetes import job_state
from kubectl_submit.execution_backends.kubernetes.execution import execution
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.image import digest_of_message
from kubectl_submit.model.objects import Object
from kubectl_submit.model.pods import pod_state
from kubectl_submit.model.provenance import NAME_LABEL
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.runs import build_followers

TRIES = 10


@dataclass(frozen=True, kw_only=True)
class SharedJob:
    """A build Job that this submit follows, or has found at its end."""

    execution: Execution
    owner: str
    """The run of the submit that created it."""
    run: str
    """The run of this submit."""
    digest: str = ""
    """What it built, where it has ended and the registry still has that."""

    @property
    def ours(self) -> bool:
        """Whether this submit created it."""
        return self.owner == self.run


def create_or_find(parameters: BuildParameters, kubectl: Kubectl) -> SharedJob:
    """The Job that builds the image: a new one, or that of another submit. Raises ClusterError."""
    for _ in range(TRIES):
        try:
            created = creation.create(build_job.render(parameters), "Job", kubectl)
            return _shared(created, parameters)
        except ClusterError as error:
            if f'"{parameters.job}" already exists' not in error.last_words:
                raise
            taken = error
        found = _jobs(parameters, kubectl)
        shared = _of_others(found, parameters, kubectl)
        if shared:
            return shared
        if found:
            # What ended without an image stays for `list` and `logs`; its successor has a name
            # that follows from it, so that again only one can create it.
            parameters = replace(parameters, after=found[-1]["metadata"]["uid"])
    raise taken


def has_built(parameters: BuildParameters, kubectl: Kubectl) -> bool:
    """Whether a Job of the namespace has built the image, on the cluster's nodes and for them."""
    found = _jobs(parameters, kubectl)
    return any(job_state.job_state(one).succeeded for one in found)


def _of_others(
    found: list[Object], parameters: BuildParameters, kubectl: Kubectl
) -> SharedJob | None:
    """The newest of these Jobs that still builds, or the newest whose image exists."""
    for one in reversed(found):
        if _builds(one):
            followed = _follow(one, parameters, kubectl)
            if followed:
                return _shared(followed, parameters)
    for one in reversed(found):
        digest = _digest(one, parameters, kubectl)
        if digest:
            return replace(_shared(one, parameters), digest=digest)
    return None


def _builds(one: Object) -> bool:
    """Whether a Job will leave an image, as far as one can tell."""
    state = job_state.job_state(one)
    ended = state.succeeded or state.failed or state.cancelled_by
    return not (ended or "deletionTimestamp" in one["metadata"])


def _jobs(parameters: BuildParameters, kubectl: Kubectl) -> list[Object]:
    """All Jobs that build, or built, this image; the newest last."""
    path = f"/apis/batch/v1/namespaces/{current_namespace(kubectl)}/jobs"
    selector = f"{build_followers.RECIPE_LABEL}={parameters.recipe}"
    found = kubectl.start_list(path, labelSelector=selector).result()
    return sorted(found, key=_age)


def _age(one: Object) -> tuple[str, str]:
    return one["metadata"]["creationTimestamp"], one["metadata"]["uid"]


def _follow(one: Object, parameters: BuildParameters, kubectl: Kubectl) -> Object | None:
    """Write on a Job that this submit follows it; the Job, or None if it is gone."""
    metadata, facts = one["metadata"], parameters.source.facts(parameters.name)
    added = build_followers.added(parameters.name, facts, times.now())
    change = {"metadata": {"annotations": added}}
    try:
        kubectl.patch("job", [metadata["name"]], metadata["namespace"], change)
        return kubectl.get("job", metadata["name"], metadata["namespace"])
    except ClusterError as error:
        if error.kind is ClusterErrorKind.NOT_FOUND:
            return None
        return one  # it can be followed all the same


def _digest(one: Object, parameters: BuildParameters, kubectl: Kubectl) -> str:
    """What a Job has built, if the registry still has it, as far as this machine can see."""
    if parameters.rebuild or not job_state.job_state(one).succeeded or not docker.installed():
        return ""
    followed = execution(one)
    found = kubectl.start_list(followed.pods_path, labelSelector=followed.pod_selector).result()
    for pod in found:
        with contextlib.suppress(ValueError):
            digest = digest_of_message(pod_state(pod, followed.container).message)
            if docker.digest(f"{parameters.push_name}@{digest}") == digest:
                return digest
    return ""


def _shared(one: Object, parameters: BuildParameters) -> SharedJob:
    owner = one["metadata"].get("labels", {}).get(NAME_LABEL, parameters.name)
    return SharedJob(execution=execution(one), owner=owner, run=parameters.name)


def leave(shared: SharedJob, kubectl: Kubectl, error: BaseException) -> int:
    """No longer follow a Job; it is deleted unless others do: how many those are."""
    execution = shared.execution
    change = {"metadata": {"annotations": build_followers.removed(shared.run)}}
    left: list[build_followers.Follower] = []
    try:
        kubectl.patch("job", [execution.name], execution.namespace, change)
        found = kubectl.get("job", execution.name, execution.namespace)
        if found is None or found["metadata"]["uid"] != execution.uid:
            return 0
        left = build_followers.others(found, shared.run)
    except ClusterError as failed:
        if failed.kind is ClusterErrorKind.NOT_FOUND:
            return 0
        if not shared.ours:
            return 1  # nobody knows: it is not ours to delete
    if not left:
        creation.take_back("job", execution.name, execution.namespace, error, kubectl)
    return len(left)


def cancelled_by(shared: SharedJob, kubectl: Kubectl) -> str:
    """Who cancelled this submit's run, or the whole Job, while it built; else empty."""
    execution = shared.execution
    with contextlib.suppress(ClusterError):  # then it is not known, and the image is there
        found = kubectl.get("job", execution.name, execution.namespace)
        if found:
            follower = build_followers.followers(found).get(shared.run)
            ours = follower.cancelled_by if follower else ""
            return ours or job_state.job_state(found).cancelled_by
    return ""
