"""What can be said of a git URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_submit.source import git_url

SECRET = st.text("abcXYZ019!*'()-._~%:", min_size=1)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://git.example/team/app.git", "https://git.example/team/app.git"),
        ("https://me:secret@git.example/team/app.git", "https://git.example/team/app.git"),
        ("https://token@git.example:8443/app", "https://git.example:8443/app"),
        ("https://me:@git.example/app", "https://git.example/app"),
        ("http://me:a%40b@git.example/app", "http://git.example/app"),
        ("HTTPS://me:secret@git.example/app", "HTTPS://git.example/app"),
        ("https://git.example/~me/a@b.git", "https://git.example/~me/a@b.git"),
        ("ssh://git@git.example/app", "ssh://git@git.example/app"),
        ("ssh://git:secret@git.example:22/app", "ssh://git@git.example:22/app"),
        ("git@git.example:team/app.git", "git@git.example:team/app.git"),
        ("git://git.example/app", "git://git.example/app"),
        ("gcrypt::https://me:secret@git.example/app", "gcrypt::https://git.example/app"),
        ("/srv/git/app.git", "/srv/git/app.git"),
        ("../app", "../app"),
        ("", ""),
    ],
)
def test_is_shown_without_credentials(url: str, shown: str) -> None:
    assert git_url.without_credentials(url) == shown


@given(user=SECRET, password=SECRET)
def test_no_password_is_ever_shown(user: str, password: str) -> None:
    shown = git_url.without_credentials(f"https://{user}:{password}@git.example/app")
    assert shown == "https://git.example/app"


def test_a_password_with_an_at_sign_is_not_shown() -> None:
    shown = git_url.without_credentials("https://me:p@ss@git.example/app")
    assert shown == "https://git.example/app"


@pytest.mark.parametrize(
    ("url", "reachable"),
    [
        ("https://git.example/app", True),
        ("HTTPS://git.example/app", True),
        ("http://git.example/app", True),
        ("ssh://git@git.example/app", True),
        ("git://10.0.0.1:9418/app", True),
        ("git@git.example:team/app.git", True),
        ("git.example:app", True),
        ("file:///srv/app", False),
        ("/srv/app", False),
        ("./app:x", False),
        ("../app", False),
        ("app", False),
        ("", False),
        ("ext::sh -c evil", False),
        ("--upload-pack=evil:x", False),
        ("-oProxyCommand=evil:x", False),
        ("-x:app", False),
    ],
)
def test_can_be_reached_from_the_cluster(url: str, reachable: bool) -> None:
    assert git_url.reachable_from_cluster(url) is reachable


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://git.example/team/app.git", "app"),
        ("https://git.example/team/app/", "app"),
        ("git@git.example:app.git", "app"),
        ("git@git.example:team/my.app.git", "my.app"),
        ("/srv/git/app", "app"),
        ("", ""),
    ],
)
def test_names_the_project(url: str, name: str) -> None:
    assert git_url.project_name(url) == name
