"""Runs `wait`; its options are declared in cli/options/subcommands/wait.py."""

from __future__ import annotations

from kubectl_submit.cli.options.subcommands.wait import WaitOptions
from kubectl_submit.cluster.kubectl import Kubectl
from kubectl_submit.commands import wait_for_runs
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import UsageError
from kubectl_submit.output import Output


def run(options: WaitOptions, words: tuple[str, ...], output: Output) -> int:
    """Wait for the runs; returns the exit code of the first failure, else 0. Raises SubmitError."""
    if not words:
        raise UsageError(
            "wait takes the names of runs",
            code=ErrorCode.RUN_NAME_EXPECTED,
            remedy="See `kubectl submit list`.",
        )

    kubectl = Kubectl.from_options(options)
    return wait_for_runs.wait(kubectl, words, options.timeout, output)
