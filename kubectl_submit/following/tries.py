"""The note between two attempts of a command: that it begins again, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_submit.execution_backends.outcomes import how_ended
from kubectl_submit.model.pods import PodState


def begins_again(
    state: PodState, before: PodState | None, others: Iterable[PodState], *, suspended: bool
) -> str:
    """Why a command begins again, where it just has; empty if it has not.

    `before`: what was known of this pod; `others`: the other pods, the oldest first; `suspended`:
    the Job has been suspended since the command began.
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
