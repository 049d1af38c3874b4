"""Which workers share a stream. Pure.

A kubectl takes 30 MB and opens at most five streams a second after the first ten, so neither one
kubectl a pod nor one for all will do. Workers that have started are read together, and where there
are too many programs, the smallest group is joined with the newcomers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_submit.following.logs.batch import Batch
from kubectl_submit.following.logs.worker import PodLog

MOST_GROUPS = 8
# Of those that have ended, and are read once more to their end.
MOST_FINAL_GROUPS = 4
GROUP_SIZE = 16


def group_size(workers: int) -> int:
    """How many workers one kubectl reads: more where there are very many."""
    return max(GROUP_SIZE, workers // (2 * MOST_GROUPS))


def arrange(idle: Iterable[PodLog], size: int, room: int) -> list[list[PodLog]]:
    """Workers to be read together: the ended ones, the running ones, and some alone.

    `room`: so many groups of ended ones may begin; the others wait, and gather meanwhile.
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
    """At most `size` in each, those together that are to be read from about the same time."""
    workers = sorted(workers, key=lambda worker: worker.since)
    return [workers[start : start + size] for start in range(0, len(workers), size)]
