"""What to do about a build in the cluster that failed, from the words of the failure."""

from __future__ import annotations

import re

from kubectl_submit.build_backends import docker
from kubectl_submit.errors import ExecutionError
from kubectl_submit.model.execution import Outcome

# What the cluster says of a pod that it does not take, and what to do about it.
LOCALLY = "Build here with --build local, or in a namespace that takes a rootless BuildKit."
SIZE = "Say how much the build may use: --build-cpu, --build-memory."
REMEDIES = {
    "violates PodSecurity": LOCALLY,
    "must specify": SIZE,
    "exceeded quota": SIZE,
    "must be less than or equal to": SIZE,  # the limits that a LimitRange gives
    " usage per ": SIZE,  # the least and the most that a LimitRange allows
}
# What rootlesskit, which starts BuildKit, says where it may not make a user namespace: Ubuntu's
# AppArmor restricts them from 23.10 on, Bottlerocket allows none.
NO_USER_NAMESPACE = re.compile(r"/proc/self/exe|user.?n(ame)?s(pace)?|newuidmap|unshare")
# What Go's programs and git (with OpenSSL, with GnuTLS) say of a certificate of a company's own.
UNKNOWN_AUTHORITY = re.compile(
    r"signed by unknown authority|SSL certificate problem|certificate verification failed"
)
TRUST = """\
Name a file with the certificate of your company's authority: --ca-file FILE
A builder needs it as well: kubectl submit builder create --ca-file FILE"""
ALLOW_THEM = """\
Build here with --build local. Or let an administrator allow user namespaces on the nodes:
  Ubuntu 23.10 and later: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
  Bottlerocket and others: sysctl -w user.max_user_namespaces=15000"""


def of_pod(error: ExecutionError) -> str:
    """What to do about a build whose pod never ran."""
    if "each time it starts" in error.last_words:
        return ALLOW_THEM if NO_USER_NAMESPACE.search(error.last_words) else LOCALLY
    found = (remedy for words, remedy in REMEDIES.items() if words in error.last_words)
    return next(found, error.remedy)


def of_failure(outcome: Outcome) -> str:
    """What to do about a build that failed; its last message has the end of its log."""
    whole_log = "" if outcome.last_words else docker.WHOLE_LOG
    trust = TRUST if UNKNOWN_AUTHORITY.search(outcome.last_words + outcome.last_message) else ""
    return "\n".join(filter(None, [whole_log, trust]))
