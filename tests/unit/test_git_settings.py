"""What git gets to know through its environment; asked of real git."""

from __future__ import annotations

import os
import subprocess

import pytest

from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import RepositoryError
from kubectl_submit.source.git_settings import ADDRESS, Access, access, quiet_environment
from tests.errors import raises_code

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


def url(project: Project, reached: Access) -> str:
    """What git calls the program of the transport with."""
    return git(project, reached, "ls-remote", "--get-url", ADDRESS).strip()


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

    reached = access(CLEAN.replace("//", f"//{written}@"))

    assert url(project, reached) == CLEAN
    told = credentials(project, reached)
    assert (told["username"], told["password"]) == (user, password)


def test_a_user_in_the_url(project: Project) -> None:
    """It may be a token; the user's own helper knows the rest."""
    project.git("config", "credential.helper", "!f() { echo password=theirs; }; f")

    reached = access(CLEAN.replace("//", "//token@"))

    assert url(project, reached) == CLEAN
    told = credentials(project, reached)
    assert (told["username"], told["password"]) == ("token", "theirs")


@pytest.mark.parametrize("prefix", ["https://", "https://git.example/", CLEAN, "kubectl-submit"])
def test_a_setting_that_brings_a_password(project: Project, prefix: str) -> None:
    """It is not brought back into the URL that git gets."""
    rest = CLEAN.removeprefix(prefix)
    project.git("config", f"url.https://ada:secret@git.example/{rest}.insteadOf", prefix)
    assert url(project, access(CLEAN)) == CLEAN
    assert url(project, access(CLEAN.replace("//", "//ada:secret@"))) == CLEAN


@pytest.mark.parametrize(
    ("remote", "reached"),
    [
        ("ssh://git@git.example/app.git", "ssh://git@git.example/app.git"),
        ("git@git.example:app.git", "git@git.example:app.git"),
        ("/srv/git/app.git", "/srv/git/app.git"),
        ("../app with spaces", "../app with spaces"),
        ("https://ada:a%0ab@git.example/app.git", "https://git.example/app.git"),
        ("gcrypt::https://ada:secret@git.example/app", "gcrypt::https://git.example/app"),
    ],
)
def test_any_other_remote(project: Project, remote: str, reached: str) -> None:
    assert url(project, access(remote)) == reached
    assert "username" not in str(access(remote))


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "²"])
def test_a_count_of_settings_that_is_no_number(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", given)
    with raises_code(ErrorCode.GIT_CONFIG_COUNT, RepositoryError) as refused:
        quiet_environment()
    assert repr(given) in refused.value.message


def test_settings_of_the_user_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    environment = quiet_environment([("a.b", "c")])
    last = int(environment["GIT_CONFIG_COUNT"]) - 1
    assert environment[f"GIT_CONFIG_KEY_{last}"] == "a.b"
    assert "GIT_CONFIG_KEY_1" not in environment
    assert "GIT_CONFIG_KEY_2" in environment
