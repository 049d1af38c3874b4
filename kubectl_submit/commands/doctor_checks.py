"""The checks of `doctor`: everything that a submit from this folder needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_submit import execution_backends
from kubectl_submit.build_backends import docker
from kubectl_submit.builders import choice
from kubectl_submit.cli.options import Options
from kubectl_submit.cluster import creation, existence, permissions, pod_security
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.cluster.kubectl_errors import cluster_error
from kubectl_submit.cluster.namespace import current_namespace
from kubectl_submit.commands import dry_run, preflight
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, RepositoryError, SubmitError
from kubectl_submit.execution_backends.backend import OBJECT_VERBS
from kubectl_submit.manifests import tree
from kubectl_submit.output import Output
from kubectl_submit.parameters.build_parameters import collect_build_parameters
from kubectl_submit.runs import documents
from kubectl_submit.source.repository import git_version, inspect
from kubectl_submit.source.temporary_refs import LeftoverRefs

# What every submit needs of examples/role.yaml.
NEEDED = (
    *(("jobs.batch", verb) for verb in OBJECT_VERBS),
    *(("pods", verb) for verb in ("get", "list", "watch")),
    ("pods/log", "get"),
)
# The checks that must succeed before another check makes sense.
NEEDS = {
    "namespace": ("kubectl",),
    "permissions": ("kubectl",),
    "names": ("kubectl", "namespace"),
    "builder": ("kubectl", "namespace"),
    "manifest": ("kubectl", "namespace", "commit"),
}
FOR_SECRETS = tuple(("secrets", verb) for verb in ("create", "get", "patch", "delete"))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of a check."""

    name: str
    well: bool | None
    """None if it was not checked."""
    text: str
    """What was found, what is wrong, or why it was not checked."""
    remedy: str = ""


def document(findings: Sequence[Finding]) -> documents.Document:
    """The findings as a document, described in docs/json.md."""
    checks = [
        {"name": one.name, "ok": one.well, "text": one.text, "remedy": one.remedy or None}
        for one in findings
    ]
    return {"apiVersion": documents.API_VERSION, "kind": "CheckList", "items": checks}


def findings(options: Options, kubectl: Kubectl, output: Output) -> Iterator[Finding]:
    """Run every check that these options need, one after the other."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("git", git_version),
        ("kubectl", lambda: _versions(kubectl)),
        ("namespace", lambda: _namespace(kubectl)),
        ("permissions", lambda: _permissions(options, kubectl)),
        ("names", lambda: _names(options, kubectl)),
        ("manifest", lambda: _manifest(options, kubectl, output)),
    ]
    if not options.image:
        checks.insert(1, ("commit", lambda: _commit(options)))
        if options.build == "local":
            checks.insert(2, ("build", _build))
        else:
            checks.append(("remote", lambda: _remote(options)))
            checks.append(("builder", lambda: _builder(options, kubectl)))
    failed: list[str] = []
    for name, check in checks:
        finding = _finding(name, check, [one for one in NEEDS.get(name, ()) if one in failed])
        failed += [] if finding.well else [name]
        yield finding


def _finding(name: str, check: Callable[[], str], failed: Sequence[str]) -> Finding:
    """Run a check, unless one that it depends on has failed."""
    if failed:
        return Finding(name=name, well=None, text=f"not checked: first {', '.join(failed)}")
    try:
        return Finding(name=name, well=True, text=check())
    except SubmitError as error:
        words = error.last_words.partition("\n")[0]
        text = ": ".join(filter(None, [error.message, words]))
        return Finding(name=name, well=False, text=text, remedy=error.remedy)


def _commit(options: Options) -> str:
    limit = execution_backends.named(options.execution).name_limit
    build = collect_build_parameters(options, limit)
    return (
        f"{build.source.commit[:7]} of {build.source.branch or 'no branch'}, to {build.pull_name}"
    )


def _remote(options: Options) -> str:
    """Whether killed clients have left working trees on the remote."""
    snapshot = inspect(Path.cwd(), options.git_remote)
    left = LeftoverRefs(snapshot.root, snapshot.remote).refs() if snapshot.remote else []
    if left:
        raise RepositoryError(
            f"{snapshot.remote} still has working trees of builds that were killed",
            code=ErrorCode.WORKING_TREES_LEFT_ON_REMOTE,
            last_words=", ".join(left),
            remedy="Your own are deleted by your next build with --allow-dirty; or delete them: "
            f"git push {snapshot.remote} {' '.join(f':{ref}' for ref in left)}",
        )
    return f"{snapshot.remote or 'no remote'}, with no leftovers of builds"


def _builder(options: Options, kubectl: Kubectl) -> str:
    """Which BuildKit builds, and why that."""
    return choice.explained(options, choice.start_choosing(options, kubectl).result())


def _versions(kubectl: Kubectl) -> str:
    """The versions of kubectl and of the server."""
    result = kubectl.version()
    if result.exit_code != 0:
        raise cluster_error(
            "cannot reach the cluster", result.stderr, code=ErrorCode.CLUSTER_UNREACHABLE
        )
    versions = json.loads(result.stdout)
    client, server = versions["clientVersion"], versions["serverVersion"]
    return f"{client['gitVersion']}, the server {server['gitVersion']}"


def _namespace(kubectl: Kubectl) -> str:
    name = current_namespace(kubectl)
    missing, unread = existence.look_for(kubectl, [f"namespace/{name}"])
    if missing:
        raise ClusterError(
            f"there is no namespace {name}",
            code=ErrorCode.NAMESPACE_NOT_FOUND,
            remedy="Choose one with -n.",
        )
    return f"{name}, which you may not read" if unread else name


def _permissions(options: Options, kubectl: Kubectl) -> str:
    needed = [*NEEDED, *execution_backends.named(options.execution).permissions]
    copied = (options.secret_file, options.secret_env, options.build_secret)
    if any(copied) or options.credentials_from_local:
        needed += FOR_SECRETS
    refused = permissions.refused(kubectl, needed, sure=True)
    if refused:
        shown = ", ".join(f"{verb} {resource}" for resource, verb in refused)
        raise ClusterError(
            f"not allowed: {shown}", code=ErrorCode.NOT_ALLOWED, remedy="Ask for the permission."
        )
    return f"all {len(needed)} needed permissions"


def _names(options: Options, kubectl: Kubectl) -> str:
    preflight.check_names(options, kubectl)
    queue, priority = preflight.named_queue(options)
    named = [*preflight.named_objects(options), *queue, *priority]
    unread = existence.look_for(kubectl, named)[1] if named else []
    there = [existence.without_group(name) for name in named if name not in unread]
    shown = [f"there: {', '.join(there)}"] if there else []
    shown += [f"not checked, as you may not read it: {', '.join(unread)}"] if unread else []
    return (
        "; ".join(shown)
        or "the options name no Secret, volume, service account, queue or priority class"
    )


def _build() -> str:
    docker.check()
    return "docker buildx is there"


def _manifest(options: Options, kubectl: Kubectl, output: Output) -> str:
    """Whether the server accepts what a submit creates: the build Job and the run."""
    backend = execution_backends.named(options.execution)
    builder = choice.start_choosing(options, kubectl).result()
    build, run = dry_run.render(options, ("true",), kubectl, output, builder)
    pod_security.fit_namespace(run, backend.object_kind, kubectl)
    backend.check([*build, *run], kubectl)
    notes = preflight.check_claims(run, backend, options, kubectl)
    text = tree.dump([*build, *run])
    accepted = f"the cluster accepts it ({', '.join(str(one['kind']) for one in (*build, *run))})"
    return "; it warns: ".join([accepted, *creation.warnings(text, kubectl), *notes])
