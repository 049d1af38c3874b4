"""Interprets the end of a kubectl for each log that it read."""

from __future__ import annotations

import re

from kubectl_submit.cluster.kubectl_errors import REFUSED, error_kind
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ClusterError, ClusterErrorKind
from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.events import Close
from kubectl_submit.following.logs.worker import PodLog
from kubectl_submit.process.command import Result
from kubectl_submit.process.masking import mask

# The words of the API server and the kubelet for a log that does not exist.
NO_LOG = re.compile(r"pods? \S+ not found|is not available")


def is_forbidden(result: Result) -> bool:
    """Whether the user may not read the logs."""
    return error_kind(result.stderr) in REFUSED


def not_allowed(result: Result) -> ClusterError:
    """The error for a user who may not read logs."""
    return ClusterError(
        "you may not read logs of pods; the job keeps running",
        code=ErrorCode.LOGS_NOT_ALLOWED,
        last_words=result.stderr,
        remedy="Ask for the permission to `get` pods/log.",
    )


def how_closed(log: PodLog, batch: Batch, result: Result) -> Close:
    """How the stream of one of the logs has ended."""
    well = result.exit_code == 0
    gone = error_kind(result.stderr) is ClusterErrorKind.NOT_FOUND or bool(
        NO_LOG.search(result.stderr)
    )
    forbidden = is_forbidden(result)
    if forbidden and not log.ended and batch.size == 1:
        return Close.DENIED
    refused = gone or (forbidden and log.ended) or (well and not batch.reads(log))
    return log.how_closed(well=well, refused=refused)


def last_line(result: Result) -> str:
    """The last line of a program's error, for people; empty if it ended well."""
    lines = mask(result.stderr).strip().splitlines()
    return lines[-1] if result.exit_code != 0 and lines else ""
