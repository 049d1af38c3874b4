"""Explains kubectl's error messages, and what to do about them. Pure."""

from __future__ import annotations

import re

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.process.masking import mask

# A pattern in kubectl's message, its meaning, and what the user can do. The messages are those
# of kubectl (cmd/util/helpers.go), of client-go and Go's net package, and of the API server.
MEANINGS = (
    (
        r"exceeded quota: [^\n]*count/jobs\.batch",
        ErrorCode.QUOTA_OF_JOBS_FULL,
        "the namespace's quota has no room for another job",
        "Jobs that have ended count, too: see `kubectl submit list`, and delete those that are not "
        "needed with `kubectl submit cancel --delete NAME`.",
    ),
    (
        r"exceeded quota: ",
        ErrorCode.QUOTA_EXCEEDED,
        "the namespace's quota has no room for it",
        "Ask for less, wait until others have ended, or have the quota raised.",
    ),
    (
        r"failed quota: [^\n]*must specify",
        ErrorCode.QUOTA_NEEDS_SIZES,
        "the namespace's quota requires sizes",
        "Give them with --cpu and --memory, or in a manifest of your own.",
    ),
    (
        r"(?:minimum|maximum) \S+ usage per|limit to request ratio per",
        ErrorCode.LIMIT_RANGE_FORBIDS,
        "the namespace's limit range forbids it",
        "Give other sizes with --cpu and --memory, or in a manifest of your own.",
    ),
    (
        r"violates PodSecurity",
        ErrorCode.POD_SECURITY_FORBIDS,
        "the namespace's Pod Security level forbids it",
        "Change what is named above in a manifest of your own, or choose a namespace with -n.",
    ),
    (
        r"ValidatingAdmissionPolicy '|admission webhook \S+ denied|[Pp]olicy \S+ denied request",
        ErrorCode.POLICY_FORBIDS,
        "a policy of the cluster forbids it",
        "Change what the policy names, or ask an administrator.",
    ),
    (
        r"because it is being terminated",
        ErrorCode.NAMESPACE_BEING_DELETED,
        "the namespace is being deleted",
        "Choose another one with -n.",
    ),
    (
        r"cannot \w+ resource ",
        ErrorCode.NOT_ALLOWED,
        "not allowed",
        "Ask for the permission, or choose a namespace with -n.",
    ),
    (
        r"\(Forbidden\)",
        ErrorCode.FORBIDDEN,
        "the cluster forbids it",
        "The message says why; ask an administrator.",
    ),
    (
        r"\(Unauthorized\)|must be logged in",
        ErrorCode.NOT_LOGGED_IN,
        "not logged in",
        "Log in to the cluster again.",
    ),
    (
        r'namespaces ".*" not found',
        ErrorCode.NAMESPACE_NOT_FOUND,
        "there is no such namespace",
        "Choose one with -n.",
    ),
    (
        r"doesn't have a resource type \"\w*queue\w*\"|no matches for .*kueue",
        ErrorCode.KUEUE_NOT_INSTALLED,
        "the cluster has no queues: Kueue is not installed",
        "Leave --queue out, or have Kueue installed: https://kueue.sigs.k8s.io",
    ),
    (
        r"failed calling webhook [^\n]*(?:connection refused|no such host|i/o timeout|"
        r"TLS handshake timeout|context deadline exceeded|no endpoints available|EOF)",
        ErrorCode.WEBHOOK_NOT_ANSWERING,
        "an admission webhook of the cluster does not answer",
        "Try again later, or tell an administrator: the server of the webhook is down.",
    ),
    (
        r"Unable to connect to the server|connection refused|was refused - did you specify|"
        r"no such host|i/o timeout|TLS handshake timeout",
        ErrorCode.CLUSTER_UNREACHABLE,
        "cannot reach the cluster",
        "Is this the right context, and is the cluster reachable?",
    ),
    (
        r'context ".*" does not exist|context was not found',
        ErrorCode.CONTEXT_NOT_FOUND,
        "there is no such context",
        "See `kubectl config get-contexts`.",
    ),
)
# What the API server's words mean; kubectl puts the reason of a Status in brackets (client-go,
# api/errors), and the first that fits counts.
KINDS = (
    (r"exceeded quota: [^\n]*count/jobs\.batch", ClusterErrorKind.JOB_QUOTA),
    (r"cannot \w+ resource ", ClusterErrorKind.NOT_PERMITTED),
    (r"\(NotFound\)", ClusterErrorKind.NOT_FOUND),
    (r"\(Forbidden\)", ClusterErrorKind.FORBIDDEN),
    (r"\(Unauthorized\)|must be logged in", ClusterErrorKind.NOT_LOGGED_IN),
    (r"\(AlreadyExists\)", ClusterErrorKind.ALREADY_EXISTS),
)
REFUSED = (ClusterErrorKind.FORBIDDEN, ClusterErrorKind.NOT_PERMITTED, ClusterErrorKind.JOB_QUOTA)
"""What the server answers with 403."""
# A line of kubectl's log (k8s.io/klog), and what follows it of a body: indented, in braces, empty,
# or in hexadecimal.
LOG_LINE = r"[IWEF]\d{4} "
LOG_CONTINUES = r"\s|[]}]|$|[0-9a-f]{8}  "


def error_kind(stderr: str) -> ClusterErrorKind:
    """The kind of an error, from kubectl's words."""
    return next(
        (found for pattern, found in KINDS if re.search(pattern, stderr)), ClusterErrorKind.OTHER
    )


def cluster_error(message: str, stderr: str, *, code: ErrorCode) -> ClusterError:
    """The error for kubectl's words; `message` and `code` apply if no pattern matches."""
    meanings = (found[1:] for found in MEANINGS if re.search(found[0], stderr))
    code, meaning, remedy = next(meanings, (code, message, ""))
    return ClusterError(
        meaning,
        code=code,
        last_words=mask(_without_log(stderr)),
        remedy=remedy,
        kind=error_kind(stderr),
    )


def is_no_log(text: str) -> bool:
    """Whether a log is empty, or has only what the kubelet says where the log was removed."""
    return not text.strip() or text.startswith("unable to retrieve container logs for ")


def _without_log(stderr: str) -> str:
    """kubectl's words without its log (`-v 8`), which has the bodies of requests: Secrets, too."""
    words, in_log = [], False
    for line in stderr.split("\n"):
        in_log = bool(re.match(LOG_LINE, line) or (in_log and re.match(LOG_CONTINUES, line)))
        if not in_log:
            words.append(line)
    return "\n".join(words)
