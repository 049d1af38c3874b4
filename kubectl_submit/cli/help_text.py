"""What `--help` shows: options in their groups, and examples."""

from __future__ import annotations

import click

from kubectl_submit.cli.options.declaration import GroupedOption
from kubectl_submit.cli.options.subcommands import COMMANDS

HOME = "https://github.com/kubectl-submit/kubectl-submit"
ABOUT = (
    "Build an image of the current commit, run a command in it on a Kubernetes cluster, "
    "show its output, and exit with its exit code."
)
EPILOG = f"""\
Every option can be set in .kubectl-submit.yaml by its long name, and in the environment as
KUBECTL_SUBMIT_NAME. The exit code is the command's own; 125: kubectl-submit failed, 124: a
timeout ended it, 130: Ctrl-C.

Home: {HOME}"""


EXAMPLES = """\
# Build the image of this commit in the cluster, and run a command in it
kubectl submit --image-repository registry.example/me/app -- python train.py

# Build locally, and run the command on four workers with two GPUs each
kubectl submit --build local --workers 4 --gpus 2 -- python train.py --lr 0.1

# Run a command in an existing image
kubectl submit --image python:3.13 -- python -c 'print("hello")'

# Pass a local variable as a secret, and use a shell pipe
kubectl submit --secret-env WANDB_API_KEY -- sh -c 'python train.py | tee log'

# Show what would be created, and have the cluster check it
kubectl submit --dry-run=server -- python train.py

# Exit once the job is created, and print only its name
kubectl submit --detach -o name -- python train.py
"""


class GroupedCommand(click.Command):
    """A command whose help shows its options in groups."""

    pieces = "[OPTIONS] -- COMMAND [ARG...]"
    end = EPILOG
    examples = EXAMPLES

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The words after `Usage: kubectl submit`."""
        return [self.pieces]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options in groups; the help of a submit also lists the subcommands."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                group = parameter.group if isinstance(parameter, GroupedOption) else "Other"
                groups.setdefault(group, []).append(record)
        if self.name == "submit" and COMMANDS:
            groups["Commands"] = list(COMMANDS.items())
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The end of the help: notes and examples, with their line breaks."""
        if self.end:
            formatter.write_paragraph()
            formatter.write(self.end + "\n")
        with formatter.section("Examples"):
            for line in self.examples.splitlines():
                formatter.write(f"  {line}".rstrip() + "\n")
