"""Finds stuck streams: they should end, but bring nothing. Pure."""

from __future__ import annotations

from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.phases import Phase
from kubectl_submit.following.logs.worker import PodLog

# A stream should end soon after its container; one that is quiet for longer is stuck.
STALLED_SECONDS = 10.0
# By then client-go has noticed a dead connection, and ended its streams: it sends a ping after 30 s
# of silence, and waits 15 s for the answer (apimachinery's pkg/util/net/http.go).
DEAD_SECONDS = 60.0
# How many streams a kubectl opens in a second (client-go's limit).
OPENED_A_SECOND = 5


def is_hidden(log: PodLog, batch: Batch) -> bool:
    """Whether the end of this log is not visible, because others share the stream."""
    return batch.size > 1 and batch.reads(log)


def is_stalled(log: PodLog, batch: Batch, now: float) -> bool:
    """Whether the stream of a container that has ended is stuck."""
    quiet_since = log.state.quiet_since
    if log.phase is Phase.FINAL:
        quiet_since = max(quiet_since, batch.heard_at)
    # It cannot be read again, and a quiet stream of several workers looks stuck.
    alone = log.phase is Phase.GONE and is_hidden(log, batch)
    limit = DEAD_SECONDS if alone else STALLED_SECONDS
    return now - quiet_since >= limit + batch.size / OPENED_A_SECOND
