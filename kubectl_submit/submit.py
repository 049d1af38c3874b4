"""The main job, as a picture: one line a box.

build parameters → build backend → image → execution parameters → execution backend
                                                    → pods → lines → exit code
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubectl_submit import build_backends, docker, execution_backends
from kubectl_submit.errors import (
    ClusterError,
    DetachedError,
    ExecutionError,
    OutputError,
    PendingTimeoutError,
)
from kubectl_submit.execution import Execution, Outcome
from kubectl_submit.image import Image, parse_reference, seen_from_here
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.options import Options, kubectl_flags
from kubectl_submit.output import Output
from kubectl_submit.parameters import collect_build_parameters, collect_execution_parameters

NOT_BUILT_YET = "sha256:" + 64 * "0"


def submit(options: Options, argv: tuple[str, ...], output: Output) -> int:
    """Run a command in the image of a commit; its exit code. Raises SubmitError."""
    kubectl = Kubectl(flags=kubectl_flags(options), request_timeout=options.request_timeout)
    resolved = _begin_to_resolve(options) if options.image else None
    execution_backend = execution_backends.load(options.execution)
    limit = execution_backend.NAME_LIMIT
    from kubectl_submit import preflight  # costs 50 ms, in which the registry answers

    if resolved:
        build, image = None, resolved()
        preflight.check_names(options, kubectl)
    else:
        build = collect_build_parameters(options, limit)
        promised = Image(name=build.pull_name, digest=NOT_BUILT_YET)
        draft = collect_execution_parameters(options, argv, build, promised, limit)
        preflight.check(execution_backend.render(draft), options, kubectl)
        image = build_backends.load(options.build).build(build, kubectl, output)

    parameters = collect_execution_parameters(options, argv, build, image, limit)
    execution = execution_backend.execute(parameters, kubectl)
    output.status(f"{execution.kind}/{execution.name} runs {image.reference}")
    outcome = _follow(execution, kubectl, options, output)
    return _report(execution, outcome, output)


def _begin_to_resolve(options: Options) -> Callable[[], Image]:
    """Ask for the digest of `--image`, if docker is there; what gives the image in the end."""
    image = parse_reference(options.image or "")
    if image.digest or not docker.installed():
        return lambda: image
    here = seen_from_here(image, options.pull_repository, options.image_repository)
    digest = docker.begin_digest(here.reference)
    return lambda: replace(image, digest=digest())


def _follow(execution: Execution, kubectl: Kubectl, options: Options, output: Output) -> Outcome:
    """Show the job to its end; one that never ran is deleted, one that runs outlives us."""
    from kubectl_submit.follow import Wishes, follow  # while the pod starts
    from kubectl_submit.logs import Wanted

    several = execution.workers > 1 and options.logs == "all"
    lines = output.job(prefixed=several if options.prefix is None else options.prefix)
    wishes = Wishes(
        logs=options.logs,
        lines=Wanted(keep_times=options.timestamps),
        pending=options.pending_timeout,
        contact=options.contact_timeout,
    )
    try:
        return follow(execution, kubectl, lines, wishes)
    except (ExecutionError, PendingTimeoutError) as error:
        kubectl.take_back(execution.kind, execution.name, execution.namespace, error)
        raise
    except (ClusterError, OutputError) as error:
        error.remedy = "\n".join(filter(None, [error.remedy, _how_to_go_on(execution)]))
        raise
    except KeyboardInterrupt:
        raise DetachedError(
            f"detached; {execution.kind}/{execution.name} goes on in the cluster",
            remedy=_how_to_go_on(execution),
        ) from None


def _how_to_go_on(execution: Execution) -> str:
    job = f"{execution.kind}/{execution.name}"
    return (
        f"See it:    kubectl logs -n {execution.namespace} -f {job}\n"
        f"Cancel it: kubectl delete -n {execution.namespace} {job}"
    )


def _report(execution: Execution, outcome: Outcome, output: Output) -> int:
    """Say how it ended, unless it ended well."""
    if outcome.exit_code:
        output.error(f"{execution.kind}/{execution.name}: {outcome.summary}")
    return outcome.exit_code
