"""What the cluster would refuse after the build is refused before it."""

from __future__ import annotations

from kubectl_submit import manifest
from kubectl_submit.errors import ClusterError
from kubectl_submit.kubectl import Kubectl
from kubectl_submit.manifest import Node
from kubectl_submit.options import Options


def check(documents: list[Node], options: Options, kubectl: Kubectl) -> None:
    """Ask the server whether it would take the manifest, and whether what it names exists.

    Raises ClusterError: out of reach, no permission, no such namespace, a Secret that is missing.
    """
    kubectl.create(manifest.dump(documents), dry_run=True)
    check_names(options, kubectl)


def check_names(options: Options, kubectl: Kubectl) -> None:
    """Whether the Secrets and the service account that the options name exist."""
    secrets = [secret.name for secret in options.secret]
    secrets += [name for name in (options.registry_secret, options.git_secret) if name]
    wanted = [f"secret/{name}" for name in dict.fromkeys(secrets)]
    if options.service_account:
        wanted.append(f"serviceaccount/{options.service_account}")
    missing = kubectl.missing(wanted) if wanted else []
    if missing:
        raise ClusterError(
            f"not in the namespace: {', '.join(missing)}",
            remedy="Create it with `kubectl create`, or choose another namespace with -n.",
        )
