"""Why a Job gets no pod. Pure; the wording is that of Kubernetes' admission plugins."""

from __future__ import annotations

import re

from kubectl_submit.model.objects import Object

# Temporary refusals of admission plugins; a new namespace has no service account yet.
PASSING_REFUSALS = (
    "status unknown for quota",
    "not yet ready to handle request",
    'serviceaccount "default" not found',
)
# A webhook did not answer, which says nothing about the pod.
UNANSWERED = "failed calling webhook"
# How the API server and its plugins and webhooks refuse a pod.
REFUSED = re.compile(
    r"^(forbidden|invalid)|is (forbidden|invalid): |denied the request|denied request: |not found"
)


def no_pod_reason(event: Object) -> tuple[str, bool]:
    """Why a Job gets no pod, from one of its events; and whether that is final.

    A full quota may get room again; a request larger than the whole quota is final, and so is a
    policy.
    """
    if event.get("reason") != "FailedCreate":
        return "", False
    message = re.sub(r'^Error creating: pods "[^"]*" is ', "", str(event.get("message", "")))
    quota = re.search(r"exceeded quota: .*requested: (.*), used: (.*), limited: (.*)", message)
    if quota:
        asked, limits = _amounts(quota[1]), _amounts(quota[3])
        return message, any(amount > limits.get(what, amount) for what, amount in asked.items())
    passing = any(words in message for words in (*PASSING_REFUSALS, UNANSWERED))
    return message, bool(REFUSED.search(message)) and not passing


def _amounts(text: str) -> dict[str, float]:
    """The quantities of a quota's message: `pods=1,requests.cpu=500m`."""
    pairs = (part.strip().partition("=") for part in text.split(","))
    return {what: quantity_value(amount) for what, _, amount in pairs if amount}


def quantity_value(text: str) -> float:
    """The value of a Kubernetes quantity; 0 if it is not one."""
    match = re.fullmatch(r"(-?[0-9]*\.?[0-9]+(?:[eE]-?[0-9]{1,2})?)(m|k|[MGTPE]|[KMGTPE]i)?", text)
    if not match:
        return 0.0
    unit = match[2] or ""
    if unit == "m":
        return float(match[1]) / 1000
    power = " kMGTPE".index(unit[0].replace("K", "k")) if unit else 0
    return float(match[1]) * float(1024 if unit.endswith("i") else 1000) ** power
