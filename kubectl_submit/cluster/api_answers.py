"""Parses responses of the API server, and rejects those of a proxy in its place. Pure."""

from __future__ import annotations

import json
from typing import Any

from kubectl_submit.model.objects import Object


class NotAnAnswerError(Exception):
    """The response is not from an API server."""


def parsed(text: bytes, *fields: str) -> Object:
    """An object with these fields. Raises NotAnAnswerError, such as for a proxy's page."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or any(field not in found for field in fields):
        shown = text[:200].decode("utf-8", "replace")
        raise NotAnAnswerError(f"this is not from a Kubernetes API server: {shown}")
    return found


def uid(obj: Object) -> str:
    """The uid of an object. Raises NotAnAnswerError."""
    try:
        return str(obj["metadata"]["uid"])
    except (KeyError, TypeError):
        raise NotAnAnswerError(f"this is no object of Kubernetes: {str(obj)[:200]}") from None


def version(obj: Object) -> str:
    """The resourceVersion of an object; empty if it has none."""
    return str(obj["metadata"].get("resourceVersion", ""))


def may_differ(one: Object, other: Object) -> bool:
    """Whether two states of an object may not be the same."""
    return not version(one) or version(one) != version(other)
