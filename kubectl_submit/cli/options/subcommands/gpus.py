"""Shows the GPUs of the cluster: types, nodes, how many are free, and who holds the others.

A type is a value for --gpu-type, which also takes a part of it. Nodes that are not ready or take no
new pods have no free GPUs. It needs the right to list nodes; to list the pods of all namespaces,
too, or else it does not know what is free."""

from __future__ import annotations

from dataclasses import dataclass

import click

from kubectl_submit.cli.options.declaration import option, same_as
from kubectl_submit.cli.options.subcommand import SubcommandOptions
from kubectl_submit.cli.options.submit import Options

WORDS = ""

EXAMPLES = """\
# Show the types of GPUs, and how many are free
kubectl submit gpus

# The same for a script, with every node and every pod
kubectl submit gpus -o json

# The GPUs of AMD
kubectl submit gpus --gpu-resource amd.com/gpu
"""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)  # repr would show --token
class GpusOptions(SubcommandOptions):
    """The options of `gpus`."""

    gpu_resource: str = same_as(Options, "gpu_resource")
    output: str | None = option(
        "Output",
        "--output",
        "-o",
        type=click.Choice(("json", "yaml")),
        configurable=False,
        help="Write a document instead of the table.",
    )


OPTIONS = GpusOptions
