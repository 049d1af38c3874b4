"""Which Secrets a build and a run use; those of `--credentials-from-local` are made for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_submit.cli.options import Options
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.manifests import run_secrets
from kubectl_submit.model.image import Image, seen_from_here
from kubectl_submit.parameters import authorities, docker_credentials, local_secrets
from kubectl_submit.source import git_credentials, git_url


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The names of Secrets, and what is in those that do not exist yet."""

    registry_secret: str | None
    git_secret: str | None = None
    new_secrets: tuple[run_secrets.RunSecret, ...] = ()


def build_credentials(
    options: Options, job: str, images: Sequence[str], url: str, own_url: str
) -> Credentials:
    """What the build Job of that name pushes and fetches with.

    `images`: the one that is pushed, and those that the Dockerfile begins with. `own_url` is the
    remote's as git has it here, `url` as the cluster reaches it. Raises UsageError,
    MissingProgramError.
    """
    if options.build == "local":  # docker itself knows
        return Credentials(registry_secret=options.registry_secret, git_secret=options.git_secret)
    made = (
        [local_secrets.collect_build_secrets(options.build_secret)] if options.build_secret else []
    )
    if options.ca_file:
        made.append(authorities.collect(options.ca_file))
    registry_secret, git_secret = options.registry_secret, options.git_secret
    if options.credentials_from_local and not registry_secret:
        made.append(_registry(options, *images))
        registry_secret = job + made[-1].suffix
    known = {} if git_secret or not options.credentials_from_local else _known_to_git(url, own_url)
    if known:
        made.append(run_secrets.git_secret(known))
        git_secret = job + made[-1].suffix
    return Credentials(
        registry_secret=registry_secret, git_secret=git_secret, new_secrets=tuple(made)
    )


def run_credentials(options: Options, name: str, image_name: str) -> Credentials:
    """What the run of that name pulls with, and its new Secrets.

    Raises the same errors as `build_credentials`.
    """
    made = local_secrets.collect(
        options.secret_file, options.secret_env, options.secret, options.env
    )
    if options.registry_secret or not options.credentials_from_local:
        return Credentials(registry_secret=options.registry_secret, new_secrets=made)
    registry = _registry(options, image_name)
    return Credentials(registry_secret=name + registry.suffix, new_secrets=(*made, registry))


def _registry(options: Options, image_name: str, *others: str) -> run_secrets.RunSecret:
    """What docker knows for an image's registry, and for those of others if it knows any."""
    hosts = {docker_credentials.registry_key(name): name for name in (*others, image_name)}
    known = {host: _known_to_docker(options, name) for host, name in hosts.items()}
    own = docker_credentials.registry_key(image_name)
    if not known[own]:
        raise UsageError(
            f"no docker credentials found for {own}",
            code=ErrorCode.NO_REGISTRY_CREDENTIALS,
            remedy=f"Log in with `docker login {own}`, or name a Secret with --registry-secret.",
        )
    return run_secrets.registry_secret(
        {host: password for host, password in known.items() if password}
    )


def _known_to_docker(options: Options, image_name: str) -> dict[str, str]:
    """What docker knows for an image's registry, under its name in the cluster or here."""
    image = Image(name=image_name, digest="")
    here = seen_from_here(image, options.pull_repository, options.image_repository)
    return docker_credentials.registry_password(image.name) or docker_credentials.registry_password(
        here.name
    )


def _known_to_git(url: str, own_url: str) -> dict[str, str]:
    """The username and password for the remote; empty where git knows none."""
    if not git_url.takes_password(url):
        raise UsageError(
            f"the cluster fetches from {url}, and a key for ssh does not leave this machine",
            code=ErrorCode.SSH_KEY_NOT_COPIED,
            remedy="Name a Secret with --git-secret, or an https URL with --git-url.",
        )
    own = git_credentials.git_password(own_url) if git_url.takes_password(own_url) else {}
    known = own or git_credentials.git_password(url)
    if not known and not git_credentials.is_public(url):
        raise UsageError(
            f"no git credentials found for {url}, which is not public",
            code=ErrorCode.NO_GIT_CREDENTIALS,
            remedy="Let a credential helper of git's know one, or name a Secret with --git-secret.",
        )
    return known
