"""kubectl-submit: run a command from a git commit as a Kubernetes Job."""

__version__ = "0.1.0"
