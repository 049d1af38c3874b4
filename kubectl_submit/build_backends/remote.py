"""Builds in the cluster: a Job with git, docker buildx and a rootless BuildKit."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from kubectl_submit.build_backends import build_job, docker, image_lookup, remedies, shared_job
from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.build_backends.image_lookup import Lookup
from kubectl_submit.build_backends.shared_job import SharedJob
from kubectl_submit.builders import choice
from kubectl_submit.cluster import existence
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError, CancelledError, ClusterError, ExecutionError
from kubectl_submit.following.follow import follow
from kubectl_submit.following.listener import FollowOptions
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Outcome
from kubectl_submit.model.image import Image, digest_of_message
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import CANCELLED_CODE
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.process import signals
from kubectl_submit.process.pending import Pending
from kubectl_submit.source import temporary_commit

# How many seconds a registry may take to answer this machine; after that, the build Job asks it.
PATIENCE_SECONDS = 5.0


def _has_pushed(pod: PodState) -> bool:
    """Whether a pod's build has ended well, with a digest: BuildKit needs seconds more to end.

    Of our own build Job, the log tells that about a second before the node reports it.
    """
    with contextlib.suppress(ValueError):
        return pod.exit_code == 0 and bool(digest_of_message(pod.message))
    return False


def render(parameters: BuildParameters) -> list[Node]:
    """The build Job, and whatever else the user's manifest contains."""
    return build_job.render(parameters)


def start_lookup(parameters: BuildParameters, kubectl: Kubectl) -> Pending[Lookup]:
    """Ask for the image, if docker is there; else the build Job asks."""
    if docker.installed():
        return image_lookup.start(parameters, kubectl, PATIENCE_SECONDS)
    return Pending(lambda: Lookup(reference=parameters.image))


def build(
    parameters: BuildParameters, asked: Pending[Lookup], kubectl: Kubectl, output: Output
) -> Image:
    """The image of the commit as the cluster fetches it. Raises BuildError, ClusterError.

    The Job of a build that failed or was interrupted is deleted, unless others follow it: its log
    has been shown.
    """
    found = asked.result()
    if found.digest and _is_for_the_nodes(found, parameters, kubectl):
        found.report_others(output)
        found.report_found(output)
        return Image(name=parameters.pull_name, digest=found.digest)
    if parameters.builder:
        choice.await_ready(parameters.builder, kubectl, output)
    if not parameters.via_remote:
        return _build(parameters, kubectl, output)
    root, base = parameters.root, parameters.source.commit
    with temporary_commit.push_temporarily(root, parameters.via_remote, base, output) as pushed:
        return _build(replace(parameters, temporary_commit=pushed), kubectl, output)


def _is_for_the_nodes(found: Lookup, parameters: BuildParameters, kubectl: Kubectl) -> bool:
    """Whether the nodes have the image's platform; if they are not visible, only a build tells."""
    return bool(found.platform) or shared_job.has_built(parameters, kubectl)


def _build(parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
    digest = ""
    while not digest:
        with signals.held():  # until it is known what there is to be deleted
            shared = shared_job.create_or_find(parameters, kubectl)
            digest = shared.digest or _follow(shared, parameters, kubectl, output)
    if shared.digest:
        output.status(f"image {parameters.image} exists: job/{shared.execution.name} built it")
    return Image(name=parameters.pull_name, digest=digest)


def _follow(
    shared: SharedJob, parameters: BuildParameters, kubectl: Kubectl, output: Output
) -> str:
    """The digest that a build Job leaves; empty where another submit's was deleted meanwhile."""
    job = f"job/{shared.execution.name}"
    whose = "" if shared.ours else f", which {shared.owner} began"
    output.status(f"building {parameters.image} in {job}{whose}")
    lines = BuildLines(output, queue=parameters.queue)
    until = FollowOptions(enough=_has_pushed)
    if not parameters.manifest:  # whose log may say anything
        until = replace(until, told=lines.message)
    try:
        with lines.to_the_end():
            digest = _digest(follow(shared.execution, kubectl, lines, until))
    except ExecutionError as error:
        if not shared.ours and _is_gone(shared, kubectl):
            return ""
        shared_job.leave(shared, kubectl, error)
        raise _never_ran(error) from None
    except (BuildError, KeyboardInterrupt) as error:
        others = shared_job.leave(shared, kubectl, error)
        if others and isinstance(error, KeyboardInterrupt):
            output.error(f"{job} goes on: {_submits(others)} for it, too")
        raise
    who = shared_job.cancelled_by(shared, kubectl)
    if who:
        raise CancelledError(
            f"the run was cancelled by {who} while its image was built",
            code=ErrorCode.RUN_CANCELLED,
        )
    return digest


def _submits(count: int) -> str:
    return "another submit waits" if count == 1 else f"{count} other submits wait"


def _is_gone(shared: SharedJob, kubectl: Kubectl) -> bool:
    execution = shared.execution
    try:
        return bool(existence.missing(kubectl, [f"job/{execution.name}"], execution.namespace))
    except ClusterError:
        return False


def _never_ran(error: ExecutionError) -> BuildError:
    return BuildError(
        f"the build never ran: {error.message}",
        code=ErrorCode.BUILD_NEVER_RAN,
        last_words=error.last_words,
        remedy=remedies.of_pod(error),
    )


def _digest(outcome: Outcome) -> str:
    if outcome.exit_code == CANCELLED_CODE:
        raise CancelledError(f"the build was {outcome.summary}", code=ErrorCode.BUILD_CANCELLED)
    if outcome.exit_code != 0:
        raise BuildError(
            f"the image build failed: {outcome.summary}",
            code=ErrorCode.BUILD_FAILED,
            last_words=outcome.last_words,
            remedy=remedies.of_failure(outcome),
        )
    try:
        return digest_of_message(outcome.last_message)
    except ValueError:
        raise BuildError(
            "the build ended well, but left no digest",
            code=ErrorCode.NO_IMAGE_DIGEST,
            last_words=outcome.last_message,
            remedy='Its container must write {"digest": "sha256:…"} to /dev/termination-log.',
        ) from None
