"""Builds in the cluster: a Job with git, docker buildx and a rootless BuildKit."""

from __future__ import annotations

import json
from dataclasses import replace

from kubectl_submit import carried, docker, interrupts, job, lent_commit, manifest, pod_template
from kubectl_submit.errors import BuildError, CancelledError, ExecutionError
from kubectl_submit.execution import Outcome
from kubectl_submit.follow import follow
from kubectl_submit.image import Image, parse_digest
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.output import Output
from kubectl_submit.parameters import BuildParameters
from kubectl_submit.run import CANCELLED_CODE

REGISTRY_SECRET_PATH = "/run/registry-secret"  # noqa: S105 (DOCKER_CONFIG in the manifest)
LOCALLY = "Build here with --build local, or in a namespace that takes a rootless BuildKit."
GIT_SECRET_PATH = "/run/git-secret"  # noqa: S105 (GIT_SECRET in the manifest)


def render(parameters: BuildParameters) -> list[Node]:
    """The build Job, and whatever else stands in the user's manifest; pure."""
    text, source = manifest.read(parameters.manifest, "build-remote.yml")
    documents = manifest.load(text, source)
    root = manifest.only(documents, "Job", source)
    manifest.check_shape(root, job.SHAPE, source)
    facts = parameters.source.facts(parameters.name)
    pod_template.identify(root, f"{parameters.name}-build", facts)
    template = manifest.child(root, "spec", "template")
    pod_template.describe(template, facts)
    pod_spec = manifest.child(template, "spec")
    container = manifest.only_container(pod_spec, source)
    _set_build(pod_spec, container, parameters)
    _set_credentials(pod_spec, container, parameters)
    return [*documents, *carried.documents(f"{parameters.name}-build", facts, parameters.carried)]


def build(parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
    """The image of the commit as the cluster fetches it. Raises BuildError, ClusterError.

    The Job of a build that failed or was interrupted is deleted: its log has been shown.
    """
    if not parameters.lend_by:
        return _build(parameters, kubectl, output)
    root, base = parameters.root, parameters.source.commit
    with lent_commit.lend(root, parameters.lend_by, base, output) as lent:
        return _build(replace(parameters, lent=lent), kubectl, output)


def _build(parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
    with interrupts.held():  # until it is known what there is to be deleted
        return _build_held(parameters, kubectl, output)


def _build_held(parameters: BuildParameters, kubectl: Kubectl, output: Output) -> Image:
    execution = job.create(render(parameters), kubectl)
    output.status(f"building {parameters.pull_name}:{parameters.tag} in job/{execution.name}")
    try:
        outcome = follow(execution, kubectl, output.build())
        return Image(name=parameters.pull_name, digest=_digest(outcome))
    except (ExecutionError, BuildError, KeyboardInterrupt) as error:
        kubectl.take_back("job", execution.name, execution.namespace, error)
        if isinstance(error, ExecutionError):
            raise BuildError(
                f"the build never ran: {error.message}",
                last_words=error.last_words,
                remedy=LOCALLY if "violates PodSecurity" in error.last_words else error.remedy,
            ) from None
        raise


def _digest(outcome: Outcome) -> str:
    if outcome.exit_code == CANCELLED_CODE:
        raise CancelledError(f"the build was {outcome.summary}")
    if outcome.exit_code != 0:
        raise BuildError(
            f"the image build failed: {outcome.summary}", remedy="Its last lines are above."
        )
    try:
        return parse_digest(json.loads(outcome.last_message)["digest"])
    except (ValueError, KeyError, TypeError):
        raise BuildError(
            "the build ended well, but left no digest",
            last_words=outcome.last_message,
            remedy='Its container must write {"digest": "sha256:…"} to /dev/termination-log.',
        ) from None


def _set_build(pod_spec: Node, container: Node, parameters: BuildParameters) -> None:
    lent = parameters.lent
    variables = {
        "GIT_URL": parameters.fetch_url,
        "COMMIT": lent.commit if lent else parameters.source.commit,
        "REF": lent.ref if lent else "",
        "IMAGE": f"{parameters.pull_name}:{parameters.tag}",
        "DOCKERFILE": parameters.dockerfile,
        "CONTEXT": parameters.context,
        "REBUILD": "yes" if parameters.rebuild else "",
    }
    pod_template.set_environment(container, variables)
    flags = docker.build_flags(parameters.target, parameters.build_args, parameters.platform)
    for number, secret in enumerate(parameters.secrets):
        flags.append(docker.secret_flag(secret, f"{carried.BUILD_SECRETS_PATH}/{number}"))
    manifest.put(container, ("args",), [pod_template.literal(flag) for flag in flags])
    if parameters.builder_image:
        manifest.put(container, ("image",), parameters.builder_image)
    if parameters.buildkit_image:
        for sidecar in pod_spec.get("initContainers") or []:
            if sidecar.get("name") == "buildkit":
                manifest.put(sidecar, ("image",), parameters.buildkit_image)


def _set_credentials(pod_spec: Node, container: Node, parameters: BuildParameters) -> None:
    for one in parameters.carried:
        if one.path:
            secret = f"{parameters.name}-build{one.suffix}"
            pod_template.mount_secret(pod_spec, container, secret, one.path)
    if parameters.registry_secret:
        pod_template.mount_secret(
            pod_spec,
            container,
            parameters.registry_secret,
            REGISTRY_SECRET_PATH,
            items={".dockerconfigjson": "config.json"},
        )
        pod_template.pull_with(pod_spec, parameters.registry_secret)
    if parameters.git_secret:
        pod_template.mount_secret(pod_spec, container, parameters.git_secret, GIT_SECRET_PATH)
    if parameters.service_account:
        manifest.put(pod_spec, ("serviceAccountName",), parameters.service_account)
