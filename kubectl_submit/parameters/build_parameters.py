"""What to build, and how it is collected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kubectl_submit.cli.options import Options, secret_values
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests import run_secrets
from kubectl_submit.model.builder import Builder
from kubectl_submit.model.provenance import Source
from kubectl_submit.parameters import base_images, build_cache, build_paths, credentials, recipe
from kubectl_submit.parameters.build_cache import BuildCache
from kubectl_submit.parameters.image_labels import image_labels
from kubectl_submit.parameters.recorded_source import recorded_source
from kubectl_submit.parameters.run_name import run_name
from kubectl_submit.source import gate, git_url
from kubectl_submit.source.repository import Snapshot, inspect
from kubectl_submit.source.temporary_commit import TemporaryCommit
from kubectl_submit.source.temporary_commit_check import check as check_temporary_commit


@dataclass(frozen=True, kw_only=True)
class BuildParameters:
    """All that a build backend needs; paths in the source are relative to its root."""

    name: str
    source: Source
    root: Path
    fetch_url: str
    """As the cluster reaches the remote, without credentials."""
    via_remote: str
    """The remote by which the build gets the working tree; empty: it fetches the commit."""
    unconfirmed: str
    """The remote that has the commit as far as is known here, and was not asked; else empty."""
    push_name: str
    """The image's name from this machine."""
    pull_name: str
    """The image's name inside the cluster."""
    tag: str
    recipe: str
    """The same for every submit that may take the same image (a label's value)."""
    dockerfile: str
    context: str
    target: str | None
    build_args: tuple[tuple[str, str], ...]
    platform: str | None
    cache: BuildCache
    cache_from: tuple[str, ...]
    """What docker is told of caches besides."""
    cache_to: tuple[str, ...]
    secrets: tuple[secret_values.BuildSecret, ...]
    new_secrets: tuple[run_secrets.RunSecret, ...]
    """What is in the Secrets that are made for the build."""
    rebuild: bool
    cpu: str | None
    memory: str | None
    queue: str | None
    priority: str | None
    registry_secret: str | None
    git_secret: str | None
    proxy_secret: str | None
    service_account: str | None
    manifest: Path | None
    builder_image: str | None
    buildkit_image: str | None
    buildx_builder: str | None
    labels: tuple[tuple[str, str], ...] = ()
    """Of the image."""
    builder: Builder | None = None  # None: the build Job has a BuildKit of its own
    temporary_commit: TemporaryCommit | None = None
    """What the build fetches instead of the source's commit."""
    after: str = ""
    """The uid of the last build Job of this image; empty for the first one."""

    @property
    def image(self) -> str:
        """Name and tag, as the cluster pushes them."""
        return f"{self.pull_name}:{self.tag}"

    @property
    def job(self) -> str:
        """The name of the Job that builds the image in the cluster."""
        return recipe.job_name(self.image, self.source.commit, self.recipe, after=self.after)


def collect_build_parameters(options: Options, name_limit: int) -> BuildParameters:
    """What to build, from the repository around the current folder.

    Raises RepositoryError, GateError, UsageError. `name_limit`: characters of the run's name.
    """
    if not options.image_repository:
        raise UsageError(
            "no image repository is given",
            code=ErrorCode.NO_IMAGE_REPOSITORY,
            remedy="Say where images go: --image-repository registry.example/you/app, "
            "or `image-repository:` in .kubectl-submit.yaml.",
        )
    snapshot = inspect(Path.cwd(), options.git_remote)
    if not options.allow_dirty:
        gate.check(snapshot)
    source = recorded_source(snapshot)
    lending = source.dirty and options.build == "remote"
    if lending:
        check_temporary_commit(snapshot, confirmed=options.yes)
    dockerfile, context = build_paths.find(options, snapshot.root, dirty=source.dirty)
    project = git_url.project_name(snapshot.url) or snapshot.root.name
    name = run_name(options.name, f"{project}-{source.commit[:7]}", name_limit)
    fetch_url = _fetch_url(options, snapshot)
    pull_name = options.pull_repository or options.image_repository
    text = build_paths.read(snapshot.root / dockerfile)
    cache = _cache(options, snapshot, dockerfile, context, text)
    base = base_images.images(text, options.build_arg)
    images = [pull_name, *base, *filter(None, [cache.repository])]
    known = credentials.build_credentials(options, f"{name}-build", images, fetch_url, snapshot.url)
    tag = recipe.tag(
        source.commit,
        [dockerfile, context, options.target, options.build_arg, options.platform],
        dirty=name[-5:] if source.dirty else "",
    )
    return BuildParameters(
        name=name,
        source=source,
        root=snapshot.root,
        fetch_url=fetch_url,
        via_remote=snapshot.remote if lending else "",
        unconfirmed="" if source.dirty or snapshot.confirmed else snapshot.remote,
        push_name=options.image_repository,
        pull_name=pull_name,
        tag=tag,
        recipe=recipe.identity(f"{pull_name}:{tag}", only=name if options.rebuild else ""),
        dockerfile=dockerfile,
        context=context,
        target=options.target,
        build_args=options.build_arg,
        platform=options.platform,
        cache=cache,
        cache_from=options.cache_from,
        cache_to=options.cache_to,
        secrets=options.build_secret,
        new_secrets=known.new_secrets,
        rebuild=options.rebuild or source.dirty,
        cpu=options.build_cpu,
        memory=options.build_memory,
        queue=options.queue,
        priority=options.priority,
        registry_secret=known.registry_secret,
        git_secret=known.git_secret,
        proxy_secret=options.proxy_secret,
        service_account=options.service_account,
        manifest=Path(options.build_manifest) if options.build_manifest else None,
        builder_image=options.builder_image,
        buildkit_image=options.buildkit_image,
        labels=image_labels(source, project, text),
        buildx_builder=None if options.builder == "none" else options.builder,
    )


def _cache(
    options: Options, snapshot: Snapshot, dockerfile: str, context: str, text: str
) -> BuildCache:
    """The caches of the build; none where docker is told of other ones."""
    if options.cache_from or options.cache_to:
        return BuildCache()
    # Several projects may push to one image repository; forks of one share what is cached.
    recipe = [git_url.project_name(snapshot.url), dockerfile, context, options.target]
    return build_cache.plan(
        options.build_cache, recipe, snapshot.branch, snapshot.default_branch, text
    )


def _fetch_url(options: Options, snapshot: Snapshot) -> str:
    """The URL for the pod; only the remote build needs one that a pod can reach."""
    url = git_url.without_credentials(options.git_url or snapshot.url)
    if options.build == "remote" and not git_url.reachable_from_cluster(url):
        raise UsageError(
            f"the cluster cannot fetch from {url}",
            code=ErrorCode.GIT_URL_NOT_FOR_CLUSTER,
            remedy="Give the URL as the cluster reaches it with --git-url (https, ssh, git), "
            "or build here: --build local.",
        )
    return url
