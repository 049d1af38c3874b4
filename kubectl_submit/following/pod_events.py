"""Keeps the last thing that events said of each pod. Pure; fields are those of core/v1."""

from __future__ import annotations

from kubectl_submit.model.objects import Object

PULLING = "pulling image"


class PodEvents:
    """The newest event of each pod: a warning, or that its node pulls an image."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        """By the name of the pod, in one line."""
        self._times: dict[str, str] = {}

    def note(self, event: Object) -> None:
        """Note an event of a pod, unless a newer one is known: two watches give no common order."""
        name = event["involvedObject"].get("name", "")
        time = str(event.get("lastTimestamp") or event.get("eventTime") or "")
        if time >= self._times.get(name, ""):
            self._times[name], self.texts[name] = time, _text(event)


def _text(event: Object) -> str:
    reason, message = str(event.get("reason")), str(event.get("message", ""))
    if reason == "Pulling" and message.lower().startswith(PULLING):
        return PULLING + message[len(PULLING) :]
    return f"{reason}: {message}".splitlines()[0]
