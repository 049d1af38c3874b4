"""Reads the objects in what kubectl writes as JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kubectl_submit.model.objects import Object


def objects(text: str) -> Iterator[Object]:
    """The objects in kubectl's `-o json`: one, several one after another, or a List."""
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        obj, end = decoder.raw_decode(text)
        if obj.get("kind") == "List":
            yield from obj["items"]
        else:
            yield obj
        text = text[end:].lstrip()
