"""Says why a command begins again, as a note between two tries. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.execution_backends.outcomes import how_ended
from kubectl_submit.model.pods import PodState


def begins_again(
    state: PodState, before: PodState | None, others: Iterable[PodState], *, suspended: bool
) -> str:
    """Why a command has just begun again; empty if it has not.

    `before`: the previous state of this pod; `others`: the other pods, the oldest first;
    `suspended`: the Job was suspended since the command began.
    """
    if not state.started:
        return ""
    if before and before.started:
        again = state.restarts > before.restarts
        return "its container was started again by the kubelet" if again else ""
    earlier = [one for one in others if one.place == state.place and one.started]
    if not earlier:
        return ""
    if suspended:
        return "the Job was suspended and resumed"
    return f"the last try {how_ended(earlier[-1])}"
