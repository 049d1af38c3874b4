"""The options of every command, each declared once."""

from kubectl_submit.cli.options.kubectl import KubectlOptions, kubectl_flags
from kubectl_submit.cli.options.submit import BUILDS, EXECUTIONS, Options

__all__ = ["BUILDS", "EXECUTIONS", "KubectlOptions", "Options", "kubectl_flags"]
