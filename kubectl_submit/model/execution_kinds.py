"""The table of execution kinds; each is a folder with a module `backend`."""

EXECUTION_BACKENDS = {
    "kubernetes": "kubectl_submit.execution_backends.kubernetes",
    "ray": "kubectl_submit.execution_backends.ray",
}
"""By value of `--execution`; the first is the default."""
