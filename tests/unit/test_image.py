"""References of images."""

from __future__ import annotations

import pytest

from kubectl_submit.model.image import Image, parse_reference, seen_from_here

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("app", Image(name="app", digest="")),
        ("app:1", Image(name="app", tag="1", digest="")),
        ("host:5000/app", Image(name="host:5000/app", digest="")),
        ("host:5000/team/app:1.2", Image(name="host:5000/team/app", tag="1.2", digest="")),
        (f"host:5000/app@{DIGEST}", Image(name="host:5000/app", digest=DIGEST)),
        (f"app:1@{DIGEST}", Image(name="app", tag="1", digest=DIGEST)),
    ],
)
def test_is_split(reference: str, image: Image) -> None:
    assert parse_reference(reference) == image


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        (Image(name="app", digest=DIGEST), f"app@{DIGEST}"),
        (Image(name="app", tag="1", digest=DIGEST), f"app@{DIGEST}"),
        (Image(name="app", tag="1", digest=""), "app:1"),
        (Image(name="app", digest=""), "app"),
    ],
)
def test_what_runs_is_the_digest_where_there_is_one(image: Image, reference: str) -> None:
    assert image.reference == reference


@pytest.mark.parametrize(
    ("name", "inside", "here", "seen"),
    [
        (
            "registry.test:5000/app",
            "registry.test:5000/x",
            "localhost:5000/x",
            "localhost:5000/app",
        ),
        (
            "registry.test:5000/a/b",
            "registry.test:5000/x",
            "localhost:5000/y",
            "localhost:5000/a/b",
        ),
        ("other/app", "registry.test:5000/x", "localhost:5000/x", "other/app"),
        ("app", "app", "localhost:5000/app", "app"),
        ("registry.test:5000/app", None, "localhost:5000/x", "registry.test:5000/app"),
        ("registry.test:5000/app", "registry.test:5000/x", None, "registry.test:5000/app"),
    ],
)
def test_the_same_registry_may_have_another_name_here(
    name: str, inside: str | None, here: str | None, seen: str
) -> None:
    image = Image(name=name, tag="1", digest="")
    assert seen_from_here(image, inside, here) == Image(name=seen, tag="1", digest="")
