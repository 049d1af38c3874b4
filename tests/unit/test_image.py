"""References of images."""

from __future__ import annotations

import pytest

from kubectl_submit.image import Image, parse_reference

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
