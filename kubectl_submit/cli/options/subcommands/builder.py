"""Keeps a BuildKit in the namespace, so that builds find the layers of the builds before them.

`create` also changes the one that is there: it applies the options anew, renews the certificates
and restarts BuildKit. `status` tells whether it is ready, and how much its cache takes. `delete`
removes it with all that it has stored. Builds in the namespace use it without being told."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_submit.cli.options.declaration import LABEL, OBJECT_NAME, QUANTITY, option, same_as
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import Options

CHOICES = ("create", "status", "delete")

WORDS = f"{'|'.join(CHOICES)} [NAME]"

EXAMPLES = """\
# Keep a builder in the namespace
kubectl submit builder create --storage 100Gi --cpu 4 --memory 16Gi

# Show whether it is ready, and how much its cache takes
kubectl submit builder status

# Let the builds of another namespace use it, too
kubectl submit builder create --allow-namespace team

# Remove it, with all that it has stored
kubectl submit builder delete
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class BuilderOptions(SubcommandOptions):
    """The options of `builder`; all but kubectl's own are for `create`."""

    storage: str | None = option(
        "Builder",
        "--storage",
        type=QUANTITY,
        configurable=False,
        help="How much it can store (50Gi); 0: on the disk of its node, until its pod ends.",
    )
    storage_class: str | None = option(
        "Builder",
        "--storage-class",
        type=OBJECT_NAME,
        configurable=False,
        help="The StorageClass of its claim; default: that of the cluster.",
    )
    cpu: str | None = option(
        "Builder",
        "--cpu",
        type=QUANTITY,
        configurable=False,
        help="CPUs that it requests, and its limit.",
    )
    memory: str | None = option(
        "Builder",
        "--memory",
        type=QUANTITY,
        configurable=False,
        help="Memory that it requests, and its limit.",
    )
    node_selector: tuple[tuple[str, str], ...] = option(
        "Builder",
        "--node-selector",
        type=LABEL,
        multiple=True,
        configurable=False,
        help="A label of the nodes on which it may run.",
    )
    allow_namespace: tuple[str, ...] = option(
        "Builder",
        "--allow-namespace",
        type=OBJECT_NAME,
        multiple=True,
        configurable=False,
        help="Another namespace whose builds may use it: it gets the Secret of the clients.",
    )
    buildkitd_config: str | None = option(
        "Builder",
        "--buildkitd-config",
        path=True,
        metavar="FILE",
        configurable=False,
        help="A buildkitd.toml of your own: mirrors, registries without TLS.",
    )
    buildkit_image: str | None = same_as(Options, "buildkit_image")
    registry_secret: str | None = same_as(Options, "registry_secret")
    proxy_secret: str | None = same_as(Options, "proxy_secret")
    ca_file: str | None = same_as(Options, "ca_file")
    pending_timeout: int | None = same_as(Options, "pending_timeout")


OPTIONS = BuilderOptions
