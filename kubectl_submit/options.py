"""The options of `kubectl submit`, each declared once.

A field gives the flag, its environment variable KUBECTL_SUBMIT_*, its configuration key, its
default, its help and its place in the help. A default of None means: what the manifest says.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from kubectl_submit import values

BUILDS = ("local", "remote")
EXECUTIONS = ("kubernetes",)
LOGS = ("all", "first", "none")
ENVIRONMENT_PREFIX = "KUBECTL_SUBMIT_"


class Parsed(click.ParamType[Any]):
    """A value that one of the functions in values.py reads."""

    def __init__(self, metavar: str, parse: Callable[[str], Any]) -> None:
        self.name = metavar
        self._parse = parse

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value read; a usage error with the reason if it cannot be."""
        if not isinstance(value, str | int | float):
            return value
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: Any, ctx: Any) -> str:
        """The word that stands for the value in the help."""
        return self.name


TEXT = Parsed("TEXT", values.encodable)
DURATION = Parsed("DURATION", values.positive_duration)
SECONDS = Parsed("DURATION", values.duration)
QUANTITY = Parsed("QUANTITY", values.quantity)
ASSIGNMENT = Parsed("NAME[=VALUE]", values.assignment)
SECRET = Parsed("NAME[:/PATH]", values.secret_mount)
OBJECT_NAME = Parsed("NAME", values.secret_name)
REPOSITORY = Parsed("NAME", values.image_repository)


def option(
    group: str,
    *flags: str,
    help: str,
    default: Any = None,
    path: bool = False,
    negation: str = "",
    **attributes: Any,
) -> Any:
    """A field of Options with what click needs to know.

    `path`: relative to the configuration file; `negation`: the flag that says no.
    """
    if attributes.get("multiple"):
        default = ()
    if not (attributes.get("is_flag") or negation):
        attributes.setdefault("type", TEXT)
    metadata = {
        "group": group,
        "flags": flags,
        "help": help,
        "path": path,
        "negation": negation,
        "attributes": attributes,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class Options:
    """What the user asked for, from flags, environment, configuration file and defaults."""

    build: str = option(
        "Backends", "--build", type=click.Choice(BUILDS), default="remote", help="Where to build."
    )
    execution: str = option(
        "Backends",
        "--execution",
        type=click.Choice(EXECUTIONS),
        default="kubernetes",
        help="What runs the command.",
    )

    workers: int | None = option(
        "Size", "--workers", type=click.IntRange(1), help="How many pods run the command."
    )
    gpus: int | None = option("Size", "--gpus", type=click.IntRange(0), help="GPUs of each worker.")
    cpu: str | None = option("Size", "--cpu", type=QUANTITY, help="CPUs of each worker.")
    memory: str | None = option("Size", "--memory", type=QUANTITY, help="Memory of each worker.")
    gpu_resource: str = option(
        "Size",
        "--gpu-resource",
        default="nvidia.com/gpu",
        metavar="NAME",
        help="What the cluster calls a GPU.",
    )

    image: str | None = option(
        "Image", "--image", metavar="REF", help="Run this image; build nothing."
    )
    rebuild: bool = option(
        "Image", "--rebuild", is_flag=True, default=False, help="Build even if the image exists."
    )
    image_repository: str | None = option(
        "Image",
        "--image-repository",
        type=REPOSITORY,
        help="Where built images are pushed; the tag is the commit.",
    )
    pull_repository: str | None = option(
        "Image",
        "--pull-repository",
        type=REPOSITORY,
        help="The same repository as the cluster names it, where that differs.",
    )
    dockerfile: str | None = option(
        "Image", "--dockerfile", path=True, metavar="PATH", help="Default: Dockerfile in the root."
    )
    build_context: str | None = option(
        "Image", "--build-context", path=True, metavar="DIR", help="Default: the root."
    )
    target: str | None = option(
        "Image", "--target", metavar="STAGE", help="The stage of the Dockerfile to build."
    )
    build_arg: tuple[tuple[str, str], ...] = option(
        "Image", "--build-arg", type=ASSIGNMENT, multiple=True, help="A build argument."
    )
    platform: str | None = option(
        "Image", "--platform", metavar="OS/ARCH", help="The platform to build for."
    )
    builder_image: str | None = option(
        "Image", "--builder-image", metavar="REF", help="Has git and docker buildx (remote build)."
    )
    buildkit_image: str | None = option(
        "Image", "--buildkit-image", metavar="REF", help="Rootless BuildKit (remote build)."
    )

    allow_dirty: bool = option(
        "Git",
        "--allow-dirty",
        is_flag=True,
        default=False,
        help="Build the working tree as it is (with --build local).",
    )
    git_remote: str | None = option(
        "Git", "--git-remote", metavar="NAME", help="Default: the branch's, else origin."
    )
    git_url: str | None = option(
        "Git", "--git-url", metavar="URL", help="The remote as the cluster reaches it."
    )

    secret: tuple[values.SecretMount, ...] = option(
        "Credentials",
        "--secret",
        type=SECRET,
        multiple=True,
        help="Mount an existing Secret read-only, by default at /run/secrets/NAME.",
    )
    registry_secret: str | None = option(
        "Credentials",
        "--registry-secret",
        type=OBJECT_NAME,
        help="An existing dockerconfigjson Secret, to push and to pull.",
    )
    git_secret: str | None = option(
        "Credentials",
        "--git-secret",
        type=OBJECT_NAME,
        help="An existing basic-auth or ssh-auth Secret, to fetch.",
    )
    service_account: str | None = option(
        "Credentials", "--service-account", type=OBJECT_NAME, help="Run (and build) as this one."
    )

    env: tuple[tuple[str, str], ...] = option(
        "Run",
        "--env",
        "-e",
        type=ASSIGNMENT,
        multiple=True,
        help="A variable for the command; without =VALUE, as it is set here.",
    )
    name: str | None = option(
        "Run",
        "--name",
        type=Parsed("PREFIX", values.name_prefix),
        help="The name begins so; default: repository and commit.",
    )
    timeout: int | None = option(
        "Run", "--timeout", type=DURATION, help="Stop a worker that runs longer (exit 124)."
    )
    pending_timeout: int | None = option(
        "Run",
        "--pending-timeout",
        type=DURATION,
        help="Give up if it has not started by then (exit 124).",
    )
    ttl: int | None = option(
        "Run", "--ttl", type=SECONDS, help="How long the finished job stays in the cluster."
    )
    manifest: str | None = option(
        "Run", "--manifest", path=True, metavar="FILE", help="Your own Job instead of the default."
    )
    build_manifest: str | None = option(
        "Run", "--build-manifest", path=True, metavar="FILE", help="Your own build Job."
    )

    logs: str = option(
        "Output",
        "--logs",
        type=click.Choice(LOGS),
        default="all",
        help="Whose output to show: of all workers, of the first one (rank 0), of none.",
    )
    timestamps: bool = option(
        "Output",
        "--timestamps",
        is_flag=True,
        default=False,
        help="Show when each line was written.",
    )
    prefix: bool | None = option(
        "Output",
        "--prefix",
        negation="--no-prefix",
        help="Show each line's worker; default: if there are several.",
    )
    contact_timeout: int = option(
        "Output",
        "--contact-timeout",
        type=DURATION,
        default=300,
        help="Give up if the cluster is out of reach for longer; the job goes on.",
    )
    quiet: bool = option(
        "Output",
        "--quiet",
        "-q",
        is_flag=True,
        default=False,
        help="Only the job's output and errors.",
    )
    verbose: bool = option(
        "Output",
        "--verbose",
        is_flag=True,
        default=False,
        help="Show every command that is run.",
    )

    namespace: str | None = option(
        "kubectl", "--namespace", "-n", metavar="NAME", help="The namespace."
    )
    context: str | None = option("kubectl", "--context", metavar="NAME", help="The context.")
    cluster: str | None = option("kubectl", "--cluster", metavar="NAME", help="The cluster.")
    user: str | None = option("kubectl", "--user", metavar="NAME", help="The user.")
    kubeconfig: str | None = option(
        "kubectl", "--kubeconfig", path=True, metavar="FILE", help="The kubeconfig file."
    )
    as_user: str | None = option("kubectl", "--as", metavar="USER", help="Impersonate a user.")
    as_group: tuple[str, ...] = option(
        "kubectl", "--as-group", multiple=True, metavar="GROUP", help="Impersonate a group."
    )
    as_uid: str | None = option("kubectl", "--as-uid", metavar="UID", help="Impersonate a UID.")
    server: str | None = option(
        "kubectl", "--server", "-s", metavar="URL", help="Address of the API server."
    )
    token: str | None = option("kubectl", "--token", metavar="TOKEN", help="A bearer token.")
    certificate_authority: str | None = option(
        "kubectl", "--certificate-authority", path=True, metavar="FILE", help="Its certificate."
    )
    client_certificate: str | None = option(
        "kubectl", "--client-certificate", path=True, metavar="FILE", help="Our certificate."
    )
    client_key: str | None = option(
        "kubectl", "--client-key", path=True, metavar="FILE", help="Our key."
    )
    insecure_skip_tls_verify: bool = option(
        "kubectl",
        "--insecure-skip-tls-verify",
        is_flag=True,
        default=False,
        help="Do not check the server's certificate.",
    )
    tls_server_name: str | None = option(
        "kubectl", "--tls-server-name", metavar="NAME", help="The name in its certificate."
    )
    cache_dir: str | None = option(
        "kubectl", "--cache-dir", path=True, metavar="DIR", help="kubectl's cache."
    )
    request_timeout: str | None = option(
        "kubectl",
        "--request-timeout",
        metavar="DURATION",
        help="For single requests; streams are not limited.",
    )
    log_level: int | None = option(
        "kubectl", "--v", "-v", type=int, metavar="LEVEL", help="kubectl's own log level."
    )


class GroupedOption(click.Option):
    """A click option that knows its group, its configuration key and how its value is read."""

    def __init__(self, field: dataclasses.Field[Any]) -> None:
        metadata = field.metadata
        self.group: str = metadata["group"]
        self.key: str = metadata["flags"][0].lstrip("-")
        self.path: bool = metadata["path"]
        negation: str = metadata["negation"]
        flags = metadata["flags"]
        if negation:
            flags = (f"{flags[0]}/{negation}", *flags[1:])
        super().__init__(
            [*flags, field.name],
            help=metadata["help"],
            default=field.default,
            show_default=isinstance(field.default, str),
            envvar=_variable(self.key),
            **metadata["attributes"],
        )


def _variable(key: str) -> str | None:
    """The option's environment variable.

    In a container of ours the run's facts stand in variables of that form, too: KUBECTL_SUBMIT_NAME
    is the name of the run that submits, not of the one that is submitted.
    """
    variable = ENVIRONMENT_PREFIX + key.upper().replace("-", "_")
    in_a_run = ENVIRONMENT_PREFIX + "CREATED_BY" in os.environ
    return None if in_a_run and key == "name" else variable


def declared() -> list[GroupedOption]:
    """Every option, in the order of the help."""
    return [GroupedOption(field) for field in dataclasses.fields(Options)]


def kubectl_flags(options: Options) -> tuple[str, ...]:
    """kubectl's own flags as they were given, for every call of kubectl but the timeout."""
    flags: list[str] = []
    for field in dataclasses.fields(Options):
        flag = field.metadata["flags"][0]
        value = getattr(options, field.name)
        if field.metadata["group"] != "kubectl" or flag == "--request-timeout":
            continue
        if value is True:
            flags.append(flag)
        elif value not in (None, False, ()):
            many = value if isinstance(value, tuple) else (value,)
            flags.extend(f"{flag}={one}" for one in many)
    return tuple(flags)
