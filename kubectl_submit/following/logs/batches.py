"""Decides which workers share a stream. Pure.

A kubectl takes 30 MB, and after the first ten streams opens at most five a second. So neither one
kubectl for each pod nor one for all pods works. Workers that start together are read together, and
if there are too many programs, newcomers join the smallest group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.worker import PodLog

MOST_GROUPS = 8
# For workers that have ended, and are read a last time.
MOST_FINAL_GROUPS = 4
GROUP_SIZE = 16


def group_size(workers: int) -> int:
    """How many workers one kubectl reads; more if there are very many workers."""
    return max(GROUP_SIZE, workers // (2 * MOST_GROUPS))


def arrange(idle: Iterable[PodLog], size: int, room: int) -> list[list[PodLog]]:
    """Group the workers to read: ended ones, running ones, and some alone.

    `room`: how many groups of ended workers may start now; the others wait.
    """
    idle = list(idle)
    together = [worker for worker in idle if not worker.alone]
    ended = [
        *([worker] for worker in idle if worker.alone and worker.ended),
        *_chunks([worker for worker in together if worker.ended], size),
    ]
    return [
        *ended[: max(room, 0)],
        *([worker] for worker in idle if worker.alone and not worker.ended),
        *_chunks([worker for worker in together if not worker.ended], size),
    ]


def to_join(groups: Sequence[Batch], newcomers: int, size: int) -> list[PodLog]:
    """The workers of the smallest group that newcomers should join; none if there is room."""
    open_groups = [
        group
        for group in groups
        if not group.final
        and not any(worker.alone or worker.ended for worker in group.logs.values())
    ]
    if not newcomers or len(open_groups) < MOST_GROUPS:
        return []
    smallest = min(open_groups, key=lambda group: len(group.logs))
    if len(smallest.logs) + newcomers > size:
        return []
    return list(smallest.logs.values())


def _chunks(workers: list[PodLog], size: int) -> list[list[PodLog]]:
    """Groups of at most `size`, of workers to read from about the same time."""
    workers = sorted(workers, key=lambda worker: worker.since)
    return [workers[start : start + size] for start in range(0, len(workers), size)]
