"""What git gets to know through its environment; asked of real git."""

from __future__ import annotations

import os
import subprocess

import pytest

from kubectl_submit.git_settings import Access, access

from .repositories import PATH, Project

CLEAN = "https://git.example/team/app.git"
ASKED = "protocol=https\nhost=git.example\n\n"


def git(project: Project, reached: Access, *argv: str, stdin: str = "") -> str:
    """Run git as it would reach a remote; what it prints."""
    return subprocess.run(
        ["git", *argv],
        cwd=project.root,
        env={**os.environ, "PATH": PATH, "GIT_TERMINAL_PROMPT": "0", **reached.environment},
        input=stdin,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout


def credentials(project: Project, reached: Access) -> dict[str, str]:
    """What git would answer a server that asks who it is."""
    told = git(project, reached, "credential", "fill", stdin=ASKED)
    return dict(line.partition("=")[::2] for line in told.splitlines())


@pytest.mark.parametrize(
    ("written", "user", "password"),
    [
        ("ada:secret", "ada", "secret"),
        ("ada:", "ada", ""),
        (":secret", "", "secret"),
        ('a%40b:p%25%20%27$(id)`"', "a@b", "p% '$(id)`\""),
    ],
)
def test_a_password_in_the_url(project: Project, written: str, user: str, password: str) -> None:
    """The argument does not have it, git does; nobody else is asked."""
    project.git("config", "credential.helper", "!echo username=x password=y; false")

    reached = access("origin", CLEAN.replace("//", f"//{written}@"))

    assert reached.address == CLEAN
    told = credentials(project, reached)
    assert (told["username"], told["password"]) == (user, password)


def test_a_user_in_the_url(project: Project) -> None:
    """It may be a token; the user's own helper knows the rest."""
    project.git("config", "credential.helper", "!f() { echo password=theirs; }; f")

    reached = access("origin", CLEAN.replace("//", "//token@"))

    assert reached.address == CLEAN
    told = credentials(project, reached)
    assert (told["username"], told["password"]) == ("token", "theirs")


@pytest.mark.parametrize("key", ["insteadOf", "pushInsteadOf"])
def test_a_setting_that_brings_the_password(project: Project, key: str) -> None:
    """It is not brought back into the URL that git gets."""
    project.git("config", f"url.https://ada:secret@git.example/.{key}", "https://git.example/")
    project.git("remote", "set-url", "origin", CLEAN)
    push = ["--push"] if key == "pushInsteadOf" else []
    url = project.git("remote", "get-url", *push, "origin")

    reached = access("origin", url)

    assert url == CLEAN.replace("//", "//ada:secret@")
    project.git("remote", "set-url", "origin", reached.address)
    assert git(project, reached, "remote", "get-url", *push, "origin").strip() == CLEAN


@pytest.mark.parametrize(
    "url",
    [
        CLEAN,
        "ssh://git@git.example/app.git",
        "git@git.example:app.git",
        "/srv/git/app.git",
        "https://ada:a%0ab@git.example/app.git",
        "",
    ],
)
def test_any_other_remote_goes_by_its_name(url: str) -> None:
    reached = access("origin", url)
    assert (reached.address, reached.settings) == ("origin", ())
