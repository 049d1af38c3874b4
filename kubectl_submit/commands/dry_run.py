"""Shows what a submit would create, without building or creating anything."""

from __future__ import annotations

import copy
from dataclasses import replace

from kubectl_submit import build_backends, execution_backends
from kubectl_submit.build_backends.given_image import start_resolving
from kubectl_submit.builders import choice
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import creation, pod_security
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import preflight, rendering
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.manifests import run_secrets, tree
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.builder import Builder
from kubectl_submit.model.image import NOT_BUILT_YET, Image
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_parameters import collect_build_parameters
from kubectl_submit.runs import documents


def show(options: Options, argv: tuple[str, ...], kubectl: Kubectl, output: Output) -> int:
    """Write the manifests to stdout and return 0. Raises SubmitError, also if refused."""
    builder = choice.given(options)
    if options.dry_run == "server":
        builder = choice.start_choosing(options, kubectl).result()
    build, run = render(options, argv, kubectl, output, builder)
    if options.dry_run == "server":
        _ask(build, run, options, kubectl, output)
    everything = [run_secrets.redacted(one) for one in (*build, *run)]
    if options.output == "name":
        output.data(f"{one['kind'].lower()}/{one['metadata']['name']}" for one in everything)
    elif options.output == "json":
        output.data(
            [documents.text({"apiVersion": "v1", "kind": "List", "items": everything}, "json")]
        )
    else:
        output.data(tree.dump(everything).splitlines())
    return 0


def render(
    options: Options,
    argv: tuple[str, ...],
    kubectl: Kubectl,
    output: Output,
    builder: Builder | None,
) -> tuple[list[Node], list[Node]]:
    """The manifests of the build (with this builder) and of the run. Raises SubmitError."""
    backend = execution_backends.named(options.execution)
    build, of_build = None, []
    if options.image:
        image = start_resolving(options).result()
    else:
        build = collect_build_parameters(options, backend.name_limit)
        image = Image(name=build.pull_name, digest=NOT_BUILT_YET)
        # A name of its own: the server would refuse the name of an existing build.
        own = replace(build, after=build.name, builder=builder)
        of_build = build_backends.load(options.build).render(own)
        output.status(f"nothing is built: {image.reference} is used as the image (dry run)")
    parameters = backend.parameters(options, argv, build, image)
    return of_build, rendering.render(parameters, backend, kubectl)


def _ask(
    build: list[Node], run: list[Node], options: Options, kubectl: Kubectl, output: Output
) -> None:
    """Ask the server to check everything, and say what it could not check."""
    backend = execution_backends.named(options.execution)
    pod_security.fit_namespace(run, backend.object_kind, kubectl)
    everything = [*build, *run]
    for note in preflight.check(everything, backend, options, kubectl):
        output.status(note)
    for warning in creation.warnings(tree.dump(everything), kubectl):
        output.status(f"the server warns: {warning}")
    checked = [_check_pod(one, kubectl) for one in everything]
    output.status("the server accepts it (dry run)")
    if not all(checked):
        output.status(
            "you may not create pods, so quotas and Pod Security were not checked for them"
        )


def _check_pod(document: Node, kubectl: Kubectl) -> bool:
    """Ask the server to check a Job's pod, since quotas and Pod Security apply to pods only.

    Returns False if the user may not create pods.
    """
    template = document["spec"].get("template") if document["kind"] == "Job" else None
    if template is None:
        return True
    pod = copy.deepcopy(template)
    pod["apiVersion"], pod["kind"] = "v1", "Pod"
    tree.put(pod, ("metadata", "name"), f"{document['metadata']['name']}-0")
    try:
        creation.create_manifest(tree.dump([pod]), kubectl, dry_run=True)
    except ClusterError as error:
        if error.kind is not ClusterErrorKind.NOT_PERMITTED:
            raise
        return False
    return True
