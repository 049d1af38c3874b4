"""The names of images and of the Jobs that build them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.parameters import recipe

from .examples import COMMIT

PLAIN = ["Dockerfile", ".", None, (), None]
IMAGE = f"registry.example:5000/team/My_App:{COMMIT}"


def test_a_plain_build_has_the_commit_as_its_tag() -> None:
    assert recipe.tag(COMMIT, PLAIN) == COMMIT
    assert recipe.tag(COMMIT, PLAIN, dirty="x2k4z") == f"{COMMIT}-dirty-x2k4z"


def test_whatever_decides_about_the_image_has_a_part_in_the_tag() -> None:
    changes = ["Other", "app", "test", (("A", "1"),), "linux/arm64"]
    recipes = [[*PLAIN[:at], one, *PLAIN[at + 1 :]] for at, one in enumerate(changes)]
    tags = {recipe.tag(COMMIT, one) for one in recipes}
    assert len(tags) == len(changes)
    assert all(re.fullmatch(f"{COMMIT}-[0-9a-f]{{8}}", tag) for tag in tags)


def test_all_builds_of_an_image_have_one_identity() -> None:
    assert recipe.identity(IMAGE) == recipe.identity(IMAGE)
    assert (
        len({recipe.identity(IMAGE), recipe.identity("other"), recipe.identity(IMAGE, only="a")})
        == 3
    )


def test_a_job_is_named_after_its_image() -> None:
    names = [
        recipe.job_name(IMAGE, COMMIT, build, after=after) for build in "ab" for after in ("", "1")
    ]
    assert len(set(names)) == 4
    assert all(re.fullmatch("my-app-0123456-[0-9a-f]{10}-build", name) for name in names)


@given(st.text())
def test_any_image_gives_the_name_of_a_job(image: str) -> None:
    name = recipe.job_name(image, COMMIT, recipe.identity(image))
    assert re.fullmatch(r"[a-z0-9][-a-z0-9]*[a-z0-9]", name)
    assert len(name) <= 56
