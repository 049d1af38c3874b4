"""Runs a submit; `submit` has one line for each box of this picture:

build parameters → build backend → image → execution parameters → execution backend
                                                    → pods → lines → exit code
"""

from __future__ import annotations

import time
from dataclasses import replace

from kubectl_submit import build_backends, execution_backends
from kubectl_submit.build_backends.given_image import start_resolving
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import namespace, pod_security
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import foreground, job_quota, rendering
from kubectl_submit.execution_backends import ExecutionBackend
from kubectl_submit.manifests.tree import Node
from kubectl_submit.model.execution import Execution, Outcome
from kubectl_submit.model.image import NOT_BUILT_YET, Image
from kubectl_submit.output import Output
from kubectl_submit.process import signals
from kubectl_submit.process.pending import Pending
from kubectl_submit.runs import settlement


def submit(options: Options, argv: tuple[str, ...], output: Output) -> int:
    """Run a command in the image of a commit; returns its exit code. Raises SubmitError."""
    kubectl = Kubectl.from_options(options)
    if options.dry_run != "none":
        from kubectl_submit.commands import dry_run

        return dry_run.show(options, argv, kubectl, output)
    namespace.start_asking(kubectl)
    resolved = start_resolving(options) if options.image else None
    backend = execution_backends.named(options.execution)
    if resolved:
        image, name, documents = _of_given_image(resolved, options, argv, backend, kubectl, output)
    else:
        image, name, documents = _of_built_image(options, argv, backend, kubectl, output)
    with signals.held():  # an interrupt must know what was created
        execution = job_quota.create(
            lambda: backend.create(documents, kubectl), name, kubectl, output
        )
        output.status(f"{execution.kind}/{execution.name} runs {image.reference}")
        outcome = foreground.run_in_foreground(execution, kubectl, options, output)
        signals.forget()  # a late interrupt does not replace the exit code
    return _report(execution, outcome, kubectl, options, output)


def _of_given_image(
    resolved: Pending[Image],
    options: Options,
    argv: tuple[str, ...],
    backend: ExecutionBackend,
    kubectl: Kubectl,
    output: Output,
) -> tuple[Image, str, list[Node]]:
    """Gives the image of --image, and the name and the manifest of its run."""
    from kubectl_submit.commands import preflight  # takes 50 ms, while the registry answers

    asked = pod_security.start_restricted_check(kubectl)
    image, restricted = resolved.result(), asked.result()
    preflight.check_names(options, kubectl)
    parameters = backend.parameters(options, argv, None, image)
    documents = rendering.render(parameters, backend, kubectl)
    for note in preflight.check_claims(documents, backend, options, kubectl):
        output.status(note)
    pod_security.fit(documents, backend.object_kind, restricted, kubectl)
    return image, parameters.name, documents


def _of_built_image(
    options: Options,
    argv: tuple[str, ...],
    backend: ExecutionBackend,
    kubectl: Kubectl,
    output: Output,
) -> tuple[Image, str, list[Node]]:
    """Check the manifest, build the image, and put it in. Gives image, name and manifest."""
    from kubectl_submit.builders import choice
    from kubectl_submit.commands import preflight
    from kubectl_submit.execution_backends import worker_pod
    from kubectl_submit.parameters.build_parameters import collect_build_parameters
    from kubectl_submit.source import gate

    build = collect_build_parameters(options, backend.name_limit)
    build_backend = build_backends.load(options.build)
    asked = build_backend.start_lookup(build, kubectl)
    restricted = pod_security.start_restricted_check(kubectl)
    builder = choice.start_choosing(options, kubectl)
    promised = Image(name=build.pull_name, digest=NOT_BUILT_YET)
    with gate.confirming(build.root, build.unconfirmed, build.source.commit):
        parameters = backend.parameters(options, argv, build, promised)
        documents = rendering.render(parameters, backend, kubectl)
        pod_security.fit(documents, backend.object_kind, restricted.result(), kubectl)
        for note in preflight.check(documents, backend, options, kubectl):
            output.status(note)
    build = replace(build, builder=builder.result())
    started_at = time.monotonic()
    image = build_backend.build(build, asked, kubectl, output)
    image = replace(image, build_seconds=time.monotonic() - started_at)
    worker_pod.put_built_image(documents, promised, image)
    return image, build.name, documents


def _report(
    execution: Execution, outcome: Outcome, kubectl: Kubectl, options: Options, output: Output
) -> int:
    """Report a failure to the user, and with --output all details to a script."""
    settlement.report(execution, outcome, output)
    if options.output == "name":
        output.data([f"{execution.kind}/{execution.name}"])
    elif options.output:
        from kubectl_submit.runs import documents, executions

        details = executions.details_of_outcome(execution, outcome, kubectl)
        output.data([documents.text(documents.details_document(details), options.output)])
    return outcome.exit_code
