"""The kinds of execution: a folder each, whose module `backend` has all that is known of it."""

EXECUTION_BACKENDS = {
    "kubernetes": "kubectl_submit.execution_backends.kubernetes",
    "ray": "kubectl_submit.execution_backends.ray",
}
"""By the word that `--execution` takes; the first is the default."""
