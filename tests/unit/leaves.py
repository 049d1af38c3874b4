"""Trees of values as flat dicts, so that a test can say what has changed in one."""

from __future__ import annotations

from typing import Any


def leaves(value: Any, *path: object) -> dict[str, object]:
    """Each value by its path; an item of a list by its name, or else by its number.

    >>> leaves({"env": [{"name": "A", "value": "1"}], "args": ["x"]})
    {'env A value': '1', 'args 0': 'x'}
    """
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [_named(number, item) for number, item in enumerate(value)]
    else:
        return {" ".join(map(str, path)): value}
    found: dict[str, object] = {}
    for key, item in pairs:
        found |= leaves(item, *path, key)
    return found


def _named(number: int, item: Any) -> tuple[object, Any]:
    if not isinstance(item, dict) or "name" not in item:
        return number, item
    return item["name"], {key: value for key, value in item.items() if key != "name"}


def difference(before: Any, after: Any) -> dict[str, object]:
    """What is new or has changed, by its path; what is gone is `...`."""
    old, new = leaves(before), leaves(after)
    gone: dict[str, object] = dict.fromkeys(old.keys() - new.keys(), ...)
    return gone | {path: value for path, value in new.items() if old.get(path, ...) != value}
