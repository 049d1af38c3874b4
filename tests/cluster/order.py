"""The order in which many workers run the tests fastest: a long one at the end would be alone."""

from __future__ import annotations

import pytest

BUILDS = {"repository", "make_repository"}


def fastest(items: list[pytest.Item]) -> list[pytest.Item]:
    """First the tests that build images, and evenly among them those that mostly wait."""
    waiting = [item for item in items if item.get_closest_marker("waits")]
    building = [item for item in items if item not in waiting and _builds(item)]
    others = [item for item in items if item not in waiting and not _builds(item)]
    between = len(building) // (len(waiting) + 1)
    for number, item in enumerate(waiting):
        building.insert(number * (between + 1), item)
    return building + others


def _builds(item: pytest.Item) -> bool:
    return not BUILDS.isdisjoint(getattr(item, "fixturenames", ()))
