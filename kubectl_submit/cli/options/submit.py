# Over 200 lines: each option of a submit is declared here, once.
"""The options of `kubectl submit`. A default of None leaves the value of the manifest."""

from __future__ import annotations

from dataclasses import dataclass

import click

from kubectl_submit.cli.options import pod_values, secret_values, values
from kubectl_submit.cli.options.declaration import (
    ASSIGNMENT,
    BUILD_CACHE,
    BUILD_SECRET,
    BUILDER,
    DOCKER_CACHE,
    DURATION,
    LABEL,
    OBJECT_NAME,
    QUANTITY,
    REPOSITORY,
    SECONDS,
    SECRET,
    SECRET_ENVIRONMENT,
    SECRET_FILE,
    Parsed,
    option,
)
from kubectl_submit.cli.options.kubectl import KubectlOptions
from kubectl_submit.model.execution_kinds import EXECUTION_BACKENDS

BUILDS = ("local", "remote")
EXECUTIONS = tuple(EXECUTION_BACKENDS)
LOGS = ("all", "first", "none")
DOCUMENTS = ("name", "json", "yaml")
DRY_RUNS = ("none", "client", "server")

# Named by their paths in the containers.
VOLUME = Parsed("[pvc/]NAME:/PATH[:ro]|configmap/NAME:/PATH", pod_values.volume, named_by=2)
SCRATCH = Parsed("SIZE:/PATH", pod_values.scratch, named_by=1)
SIZE = Parsed("QUANTITY", pod_values.size)
DIRECTORY = Parsed("PATH", pod_values.working_directory)
TOPOLOGY = Parsed("required|preferred=LEVEL", pod_values.topology)
ANNOTATION = Parsed("KEY=VALUE", pod_values.annotation, named_by=0)
OVERRIDES = Parsed("FILE|JSON", values.overrides)
GPU_TYPE = Parsed("TYPE", pod_values.gpu_type)
NODE_LABEL = Parsed("KEY=VALUE", pod_values.node_label, named_by=0)
TOLERATION = Parsed("KEY[=VALUE][:EFFECT]", pod_values.toleration, named_by=0)
LIMITS = Parsed("NAME=QUANTITY[,...]", pod_values.limit, named_by=0, separator=",")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class Options(KubectlOptions):
    """The options of a submit, from flags, environment, configuration file and defaults."""

    build: str = option(
        "Backends", "--build", type=click.Choice(BUILDS), default="remote", help="Where to build."
    )
    execution: str = option(
        "Backends",
        "--execution",
        type=click.Choice(EXECUTIONS),
        default=EXECUTIONS[0],
        help="What runs the command.",
    )

    workers: int | None = option(
        "Size", "--workers", type=click.IntRange(1), help="How many pods run the command."
    )
    gpus: int | None = option(
        "Size", "--gpus", type=click.IntRange(0), help="GPUs for each worker."
    )
    cpu: str | None = option("Size", "--cpu", type=QUANTITY, help="CPUs for each worker.")
    memory: str | None = option("Size", "--memory", type=QUANTITY, help="Memory for each worker.")
    limits: tuple[tuple[str, str], ...] = option(
        "Size",
        "--limits",
        type=LIMITS,
        multiple=True,
        help="Limits of other resources for each worker: rdma/ib=1,hugepages-2Mi=1Gi.",
    )
    shm_size: str | None = option(
        "Size",
        "--shm-size",
        type=SIZE,
        help="How much /dev/shm holds; default: as much as the container has memory.",
    )
    gpu_resource: str = option(
        "Size",
        "--gpu-resource",
        default="nvidia.com/gpu",
        metavar="NAME",
        help="The resource name of a GPU in this cluster.",
    )

    image: str | None = option(
        "Image", "--image", metavar="REF", help="Run this image instead of building one."
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
        "Image",
        "--dockerfile",
        path=True,
        metavar="PATH",
        help="The Dockerfile; default: Dockerfile in the root.",
    )
    build_context: str | None = option(
        "Image",
        "--build-context",
        path=True,
        metavar="DIR",
        help="The build context; default: the root.",
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
    build_cache: str = option(
        "Image",
        "--build-cache",
        type=BUILD_CACHE,
        default="registry",
        help="Where layers are cached for the next build: beside the image, in another repository "
        "or nowhere.",
    )
    cache_from: tuple[str, ...] = option(
        "Image",
        "--cache-from",
        type=DOCKER_CACHE,
        multiple=True,
        help="A cache to read, as for docker buildx build; instead of --build-cache.",
    )
    cache_to: tuple[str, ...] = option(
        "Image",
        "--cache-to",
        type=DOCKER_CACHE,
        multiple=True,
        help="A cache to write, as for docker buildx build; instead of --build-cache.",
    )
    builder: str | None = option(
        "Image",
        "--builder",
        type=BUILDER,
        help="What builds: a builder of the namespace (`kubectl submit builder`), another BuildKit "
        "by its address, or none that stays; with --build local a builder of docker buildx.",
    )
    builder_secret: str | None = option(
        "Image",
        "--builder-secret",
        type=OBJECT_NAME,
        help="With --builder tcp://…: the Secret with ca.crt, tls.crt and tls.key for it.",
    )
    keep_entrypoint: bool = option(
        "Image",
        "--keep-entrypoint",
        is_flag=True,
        default=False,
        help="Run the image's ENTRYPOINT, with the command as its arguments.",
    )
    builder_image: str | None = option(
        "Image",
        "--builder-image",
        metavar="REF",
        help="The image that has git and docker buildx (remote build).",
    )
    buildkit_image: str | None = option(
        "Image",
        "--buildkit-image",
        metavar="REF",
        help="The image of rootless BuildKit (remote build).",
    )

    build_cpu: str | None = option(
        "Image",
        "--build-cpu",
        type=QUANTITY,
        help="CPUs of the remote build: BuildKit's request, and the limit of both containers.",
    )
    build_memory: str | None = option(
        "Image",
        "--build-memory",
        type=QUANTITY,
        help="Memory of the remote build: BuildKit's request, and the limit of both containers.",
    )

    allow_dirty: bool = option(
        "Git",
        "--allow-dirty",
        is_flag=True,
        default=False,
        help="Build the working tree as it is; the cluster gets it by a ref that the remote has "
        "during the build.",
    )
    yes: bool = option(
        "Git",
        "--yes",
        "-y",
        is_flag=True,
        default=False,
        help="With --allow-dirty: also push large files and files that look like secrets.",
    )
    git_remote: str | None = option(
        "Git",
        "--git-remote",
        metavar="NAME",
        help="The remote to build from; default: the branch's, else origin.",
    )
    git_url: str | None = option(
        "Git", "--git-url", metavar="URL", help="The URL of the remote as the cluster reaches it."
    )

    secret: tuple[secret_values.SecretMount, ...] = option(
        "Credentials",
        "--secret",
        type=SECRET,
        multiple=True,
        help="Mount an existing Secret read-only, by default at /run/secrets/NAME.",
    )
    secret_file: tuple[secret_values.SecretFile, ...] = option(
        "Credentials",
        "--secret-file",
        type=SECRET_FILE,
        multiple=True,
        path=True,
        help="Copy a local file or folder (at most 1 MiB) into a Secret of the run, and mount it, "
        "by default at /run/secrets/NAME.",
    )
    secret_env: tuple[secret_values.SecretEnvironment, ...] = option(
        "Credentials",
        "--secret-env",
        type=SECRET_ENVIRONMENT,
        multiple=True,
        help="Copy a local variable into a Secret of the run, and set it for the command.",
    )
    build_secret: tuple[secret_values.BuildSecret, ...] = option(
        "Credentials",
        "--build-secret",
        type=BUILD_SECRET,
        multiple=True,
        help="A secret of the Dockerfile, from a file or a variable of this machine.",
    )
    registry_secret: str | None = option(
        "Credentials",
        "--registry-secret",
        type=OBJECT_NAME,
        help="An existing dockerconfigjson Secret to push and pull the image with.",
    )
    git_secret: str | None = option(
        "Credentials",
        "--git-secret",
        type=OBJECT_NAME,
        help="An existing basic-auth or ssh-auth Secret to fetch the commit with.",
    )
    proxy_secret: str | None = option(
        "Credentials",
        "--proxy-secret",
        type=OBJECT_NAME,
        help="An existing Secret with the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY for the "
        "build in the cluster.",
    )
    ca_file: str | None = option(
        "Credentials",
        "--ca-file",
        path=True,
        metavar="FILE",
        help="Certificate authorities (PEM) that the build in the cluster trusts besides the "
        "public ones: those of a company's git server and registry.",
    )
    credentials_from_local: bool = option(
        "Credentials",
        "--credentials-from-local",
        is_flag=True,
        default=False,
        help="Without such a Secret, create a temporary one from the local credentials of docker "
        "and git.",
    )
    service_account: str | None = option(
        "Credentials",
        "--service-account",
        type=OBJECT_NAME,
        help="The ServiceAccount that the run (and the build) uses.",
    )

    volume: tuple[pod_values.Volume, ...] = option(
        "Data",
        "--volume",
        type=VOLUME,
        multiple=True,
        help="Mount an existing PersistentVolumeClaim, or a ConfigMap.",
    )
    scratch: tuple[pod_values.Scratch, ...] = option(
        "Data",
        "--scratch",
        type=SCRATCH,
        multiple=True,
        help="Mount an empty folder on the node's disk (an emptyDir); it goes with the pod.",
    )
    workdir: str | None = option(
        "Data",
        "--workdir",
        type=DIRECTORY,
        help="The working directory of the command; default: that of the image.",
    )

    gpu_type: str | None = option(
        "Nodes",
        "--gpu-type",
        type=GPU_TYPE,
        help="Run on nodes with GPUs of this type, or of one with this in its name: H100.",
    )
    node_selector: tuple[tuple[str, str], ...] = option(
        "Nodes",
        "--node-selector",
        type=NODE_LABEL,
        multiple=True,
        help="A label that the nodes of the run must have.",
    )
    toleration: tuple[pod_values.Toleration, ...] = option(
        "Nodes",
        "--toleration",
        type=TOLERATION,
        multiple=True,
        help="A taint that the nodes of the run may have, as `kubectl taint` spells it.",
    )
    topology: tuple[str, str] | None = option(
        "Nodes",
        "--topology",
        type=TOPOLOGY,
        help="In a queue: how close together the workers must be, or should be. LEVEL is a label "
        "of the cluster's Topology.",
    )

    label: tuple[tuple[str, str], ...] = option(
        "Run",
        "--label",
        type=LABEL,
        multiple=True,
        help="A label for the job and its pods.",
    )
    annotation: tuple[tuple[str, str], ...] = option(
        "Run",
        "--annotation",
        type=ANNOTATION,
        multiple=True,
        help="An annotation for the job and its pods.",
    )
    env: tuple[tuple[str, str], ...] = option(
        "Run",
        "--env",
        "-e",
        type=ASSIGNMENT,
        multiple=True,
        help="A variable for the command; without =VALUE, copied from this machine.",
    )
    name: str | None = option(
        "Run",
        "--name",
        type=Parsed("PREFIX", values.name_prefix),
        # In a pod, KUBECTL_SUBMIT_NAME is the name of the run.
        envvar="KUBECTL_SUBMIT_NAME_PREFIX",
        help="The beginning of the run's name; default: repository and commit.",
    )
    timeout: int | None = option(
        "Run",
        "--timeout",
        type=DURATION,
        help="Stop a worker that runs longer (exit 124); time in a queue does not count.",
    )
    pending_timeout: int | None = option(
        "Run",
        "--pending-timeout",
        type=DURATION,
        help="Give up if it has not started after this time (exit 124); "
        "time in a queue does not count.",
    )
    queue: str | None = option(
        "Run", "--queue", type=OBJECT_NAME, help="The Kueue LocalQueue to submit to."
    )
    priority: str | None = option(
        "Run",
        "--priority",
        type=OBJECT_NAME,
        help="The PriorityClass; in a queue the WorkloadPriorityClass.",
    )
    ttl: int | None = option(
        "Run", "--ttl", type=SECONDS, help="How long the finished job stays in the cluster."
    )
    manifest: str | None = option(
        "Run",
        "--manifest",
        path=True,
        metavar="FILE",
        help="A manifest of your own instead of the default Job or RayJob.",
    )
    overrides: str | None = option(
        "Run",
        "--overrides",
        type=OVERRIDES,
        path=True,
        help="A part of a manifest, in JSON or in a file, that is merged into the Job or RayJob "
        "at the end.",
    )
    autoscale: bool = option(
        "Ray",
        "--autoscale",
        is_flag=True,
        default=False,
        help="Start without workers, and add them when needed, up to --workers.",
    )
    idle_timeout: int | None = option(
        "Ray", "--idle-timeout", type=DURATION, help="How long an idle worker is kept."
    )
    ray_version: str | None = option(
        "Ray", "--ray-version", metavar="VERSION", help="The version of Ray in the image."
    )
    entrypoint_gpus: int | None = option(
        "Ray",
        "--entrypoint-gpus",
        type=click.IntRange(0),
        help="GPUs for the command itself, which then runs on a worker.",
    )
    head_cpu: str | None = option("Ray", "--head-cpu", type=QUANTITY, help="CPUs for the head.")
    head_memory: str | None = option(
        "Ray", "--head-memory", type=QUANTITY, help="Memory for the head."
    )
    build_manifest: str | None = option(
        "Run",
        "--build-manifest",
        path=True,
        metavar="FILE",
        help="A manifest of your own instead of the default build Job.",
    )

    logs: str = option(
        "Output",
        "--logs",
        type=click.Choice(LOGS),
        default="all",
        help="Which workers' output to show: all, the first (rank 0) or none.",
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
        help="Show which worker wrote each line; default: if there are several workers.",
    )
    contact_timeout: int = option(
        "Output",
        "--contact-timeout",
        type=DURATION,
        default=300,
        help="Give up if the cluster is out of reach for longer; the job goes on.",
    )
    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice(DOCUMENTS),
        help="Write the run as a document to stdout at the end; its output goes to stderr.",
    )
    dry_run: str = option(
        "Output",
        "--dry-run",
        type=click.Choice(DRY_RUNS),
        default="none",
        help="Only show what would be created; the server can check it.",
    )
    detach: bool = option(
        "Output",
        "--detach",
        "-d",
        is_flag=True,
        default=False,
        help="Exit once the job is created.",
    )
    cancel_on_interrupt: bool = option(
        "Output",
        "--cancel-on-interrupt",
        is_flag=True,
        default=False,
        help="Cancel the job on Ctrl-C, SIGTERM or SIGHUP instead of detaching from it.",
    )
    quiet: bool = option(
        "Output",
        "--quiet",
        "-q",
        is_flag=True,
        default=False,
        help="Write only the job's output and errors.",
    )
    verbose: bool = option(
        "Output",
        "--verbose",
        is_flag=True,
        default=False,
        help="Show every command that is run, the whole log of the build, and an error's code.",
    )
