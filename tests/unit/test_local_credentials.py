"""What docker's configuration and git's helpers know of passwords."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.secret_values import SecretEnvironment, SecretFile, SecretMount
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import MissingProgramError, UsageError
from kubectl_submit.manifests import run_secrets
from kubectl_submit.parameters import credentials, docker_credentials
from kubectl_submit.parameters.credentials import Credentials
from kubectl_submit.source import git_credentials
from tests import forward_proxy
from tests.errors import raises_code

from . import git_server
from .programs import Answer, Program
from .repositories import Project

AUTH = base64.b64encode(b"ada:canary").decode()
HUB = "https://index.docker.io/v1/"
URL = "https://git.example/team/app.git"


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes docker's configuration."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    def write(text: Any) -> None:
        text = text if isinstance(text, str) else json.dumps(text)
        (tmp_path / "config.json").write_text(text)

    return write


@pytest.fixture
def helper(tmp_path: Path) -> Program:
    """A credential helper of docker's."""
    return Program(tmp_path / "bin", "docker-credential-desktop")


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("registry.example/team/app", "registry.example"),
        ("registry.example:5000/app", "registry.example:5000"),
        ("localhost/app", "localhost"),
        ("localhost:5000/app", "localhost:5000"),
        ("app", HUB),
        ("team/app", HUB),
        ("docker.io/team/app", HUB),
    ],
)
def test_the_name_of_a_registry(image: str, key: str) -> None:
    assert docker_credentials.registry_key(image) == key


@pytest.mark.parametrize(
    ("said", "password"),
    [
        ('{"auths": {"registry.example": {"auth": "b3RoZXI6Y2FuYXJ5"}}}', "b3RoZXI6Y2FuYXJ5"),
        ('{"auths": {"other.example": {"auth": "b3RoZXI6Y2FuYXJ5"}}}', AUTH),
        ("not JSON", AUTH),
        ("[]", AUTH),
        ("", AUTH),
    ],
)
def test_what_the_environment_has_goes_first(
    configure: Any, monkeypatch: pytest.MonkeyPatch, said: str, password: str
) -> None:
    configure({"auths": {"registry.example": {"auth": AUTH}}})
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", said)
    assert docker_credentials.registry_password("registry.example/app") == {"auth": password}


@pytest.mark.parametrize(
    ("auths", "found"),
    [
        ({"registry.example": {"auth": AUTH, "email": "x"}}, {"auth": AUTH}),
        ({"https://registry.example/v1/": {"auth": AUTH}}, {"auth": AUTH}),
        ({"registry.example": {"identitytoken": "t"}}, {"identitytoken": "t"}),
        ({"registry.example": {}}, {}),
        ({"other.example": {"auth": AUTH}}, {}),
        (None, {}),
        ("registry.example", {}),
        ([1], {}),
        ({"registry.example": "text"}, {}),
        ({"registry.example": {"auth": 1, "username": ["x"], "password": "p"}}, {"password": "p"}),
    ],
)
def test_what_the_configuration_has(configure: Any, auths: Any, found: dict[str, str]) -> None:
    configure({"auths": auths})
    assert docker_credentials.registry_password("registry.example/app") == found


@pytest.mark.parametrize(
    "odd",
    [
        {"credHelpers": [1]},
        {"credHelpers": "registry.example"},
        {"credHelpers": {"registry.example": {"a": 1}}},
        {"credsStore": 1},
        {"credsStore": ["desktop"]},
    ],
)
def test_a_helper_that_is_no_name(configure: Any, odd: dict[str, Any]) -> None:
    configure({**odd, "auths": {"registry.example": {"auth": AUTH}}})
    assert docker_credentials.registry_password("registry.example/app") == {"auth": AUTH}


def test_without_a_configuration(configure: Any) -> None:
    assert docker_credentials.registry_password("registry.example/app") == {}


@pytest.mark.parametrize("text", ["{", "\0", "[1", '{"auths": '])
def test_a_configuration_that_is_none(configure: Any, text: str) -> None:
    configure(text)
    with raises_code(ErrorCode.DOCKER_CONFIGURATION_UNREADABLE, UsageError) as refused:
        docker_credentials.registry_password("registry.example/app")
    assert refused.value.message.startswith("cannot read docker's configuration /")


@pytest.mark.parametrize(
    "how", [{"credsStore": "desktop"}, {"credHelpers": {"registry.example": "desktop"}}]
)
def test_a_helper_is_asked(configure: Any, helper: Program, how: dict[str, Any]) -> None:
    configure({**how, "auths": {"registry.example": {}}})
    told = {"ServerURL": "registry.example", "Username": "ada", "Secret": "canary"}
    helper.on("get", Answer(json.dumps(told)))
    found = docker_credentials.registry_password("registry.example/app")
    assert found == {"username": "ada", "password": "canary"}
    assert [call.stdin for call in helper.all_calls] == ["registry.example"]


def test_a_token_of_a_helper(configure: Any, helper: Program) -> None:
    configure({"credsStore": "desktop"})
    helper.on("get", Answer('{"Username": "<token>", "Secret": "canary"}'))
    assert docker_credentials.registry_password("r.example/app") == {"identitytoken": "canary"}


@pytest.mark.parametrize(
    "answer", [Answer("credentials not found in native keychain\n", exit_code=1), Answer("[]")]
)
def test_a_helper_that_knows_nothing(configure: Any, helper: Program, answer: Answer) -> None:
    configure({"credsStore": "desktop", "auths": {"registry.example": {"auth": AUTH}}})
    helper.on("get", answer)
    assert docker_credentials.registry_password("registry.example/app") == {"auth": AUTH}


def test_a_helper_that_is_missing(configure: Any) -> None:
    configure({"credsStore": "desktop"})
    with raises_code(ErrorCode.PROGRAM_NOT_FOUND, MissingProgramError) as missing:
        docker_credentials.registry_password("registry.example/app")
    assert missing.value.message.startswith("docker-credential-desktop ")


def git_helper(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let git ask a helper."""
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"!f() {{ {script}; }}; f")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")


def test_what_git_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_credentials.git_password(URL) == {}
    assert git_credentials.git_password("https://ada:canary@git.example/app") == {
        "username": "ada",
        "password": "canary",
    }
    git_helper(monkeypatch, "echo username=ada; echo password=canary")
    assert git_credentials.git_password(URL) == {"username": "ada", "password": "canary"}


def test_a_password_in_a_url_is_in_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Program(tmp_path, "git")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    git_credentials.git_password("https://ada:canary@git.example/app")
    assert git.call("credential").stdin == "url=https://ada:canary@git.example/app\n\n"
    assert [call for call in git.all_calls if "canary" in str(call.argv)] == []
    assert git.call("--get-urlmatch").argv[-1] == "https://git.example/app"


def known(
    own_url: str = URL, url: str = URL, base: Sequence[str] = (), **options: Any
) -> Credentials:
    """The credentials of a build, but for these options."""
    asked: dict[str, Any] = {
        "build": "remote",
        "credentials_from_local": True,
        "image_repository": "localhost:5000/app",
        "pull_repository": "registry.example/app",
    }
    return credentials.build_credentials(
        Options(**(asked | options)), "run-build", ["registry.example/app", *base], url, own_url
    )


def test_what_is_made_for_a_build(configure: Any) -> None:
    configure({"auths": {"localhost:5000": {"auth": AUTH}}})
    found = known(own_url="https://ada:canary@git.example/team/app.git")
    assert (found.registry_secret, found.git_secret) == ("run-build-registry", "run-build-git")
    assert found.new_secrets == (
        run_secrets.registry_secret({"registry.example": {"auth": AUTH}}),
        run_secrets.git_secret({"username": "ada", "password": "canary"}),
    )
    assert "canary" not in repr(found)
    assert AUTH not in repr(found)


def test_the_registries_of_the_dockerfile_count(configure: Any) -> None:
    """What docker knows of them; of one without a password it need not know anything."""
    hub = "https://index.docker.io/v1/"
    auths = {host: {"auth": AUTH} for host in ("localhost:5000", "other.example:5000", hub)}
    configure({"auths": auths | {"unused.example": {"auth": AUTH}}})
    base = ["busybox", "other.example:5000/base:1", "open.example/base"]
    registry = known(base=base).new_secrets[0]
    told = json.loads(registry.data[".dockerconfigjson"])["auths"]
    assert set(told) == {"registry.example", "other.example:5000", hub}


def test_secrets_that_exist_are_taken(configure: Any) -> None:
    configure({"auths": {"registry.example": {"auth": AUTH}}})
    found = known(registry_secret="theirs", git_secret="gits")
    assert found == Credentials(registry_secret="theirs", git_secret="gits")
    assert known(build="local").new_secrets == ()
    assert known(credentials_from_local=False) == Credentials(registry_secret=None)
    open_source = known()
    assert (open_source.git_secret, len(open_source.new_secrets)) == (None, 1)


def test_what_nobody_knows(configure: Any) -> None:
    with raises_code(ErrorCode.NO_REGISTRY_CREDENTIALS, UsageError) as unknown:
        known()
    assert unknown.value.message == "no docker credentials found for registry.example"
    assert "docker login registry.example" in unknown.value.remedy
    with raises_code(ErrorCode.SSH_KEY_NOT_COPIED, UsageError) as refused:
        known(registry_secret="theirs", url="git@git.example:team/app.git")
    assert "git@git.example:team/app.git, and a key for ssh does not" in refused.value.message


def test_what_a_run_pulls_with(configure: Any) -> None:
    configure({"auths": {"registry.example": {"auth": AUTH}}})
    options = Options(credentials_from_local=True)
    found = credentials.run_credentials(options, "run", "registry.example/app")
    assert found.registry_secret == "run-registry"
    assert [one.suffix for one in found.new_secrets] == ["-registry"]
    assert credentials.run_credentials(Options(), "run", "registry.example/app").new_secrets == ()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"secret": (SecretMount(name="a", path="/run/secrets/key"),)}, "/run/secrets/key"),
        ({"secret_env": (SecretEnvironment(name="X", source="HOME"),), "env": (("X", "1"),)}, "X"),
    ],
)
def test_what_a_run_is_given_twice(tmp_path: Path, given: dict[str, Any], place: str) -> None:
    (tmp_path / "key").write_text("canary")
    file = SecretFile(local=str(tmp_path / "key"), path="/run/secrets/key")
    with raises_code(ErrorCode.GIVEN_TWICE, UsageError) as refused:
        credentials.run_credentials(Options(secret_file=(file,), **given), "run", "busybox")
    assert refused.value.message.endswith(f" {place}")


def header(monkeypatch: pytest.MonkeyPatch, value: str, url: str = "https://git.example/") -> None:
    """Let git send a header."""
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"http.{url}.extraheader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")


BEARER = "Authorization: Bearer canary"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"AUTHORIZATION: basic {AUTH}", {"username": "ada", "password": "canary"}),
        (f"Authorization: Basic {AUTH}", {"username": "ada", "password": "canary"}),
        (BEARER, {"header": BEARER}),
        ("Authorization: basic ?", {"header": "Authorization: basic ?"}),
        ("X-Other: header", {}),
        ("", {}),
    ],
)
def test_a_header_of_git(
    monkeypatch: pytest.MonkeyPatch, value: str, found: dict[str, str]
) -> None:
    """As actions/checkout sets it."""
    header(monkeypatch, value)
    assert git_credentials.git_password(URL) == found
    assert git_credentials.git_password("https://other.example/app.git") == {}


def test_a_header_that_an_included_file_has(project: Project) -> None:
    """As actions/checkout sets it from its version 6 on."""
    file = f'[http "https://git.example/"]\n\textraheader = AUTHORIZATION: basic {AUTH}\n'
    path = project.write("../credentials", file)
    project.git("config", f"includeIf.gitdir:{project.root}/.git.path", str(path))
    assert git_credentials.git_password(URL) == {"username": "ada", "password": "canary"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("machine git.example login ada password canary\n",
         {"username": "ada", "password": "canary"}),
        ("machine other.example login ada password canary\n", {}),
        ("machine", {}),
    ],
)  # fmt: skip
def test_the_netrc_file(text: str, found: dict[str, str]) -> None:
    path = Path.home() / ".netrc"
    path.write_text(text)
    path.chmod(0o600)
    assert git_credentials.git_password(URL) == found


def test_a_repository_that_is_not_public(
    configure: Any, monkeypatch: pytest.MonkeyPatch, project: Project, tmp_path: Path
) -> None:
    configure({"auths": {"registry.example": {"auth": AUTH}}})
    with git_server.serving(tmp_path) as server:
        url = f"{server}/origin.remotes/project.git"
        assert not git_credentials.is_public(url)
        with raises_code(ErrorCode.NO_GIT_CREDENTIALS, UsageError) as refused:
            known(own_url=url, url=url)
        assert refused.value.message == f"no git credentials found for {url}, which is not public"
        header(monkeypatch, f"AUTHORIZATION: basic {git_server.BASIC}", f"{server}/")
        assert known(own_url=url, url=url).git_secret == "run-build-git"
        assert not git_credentials.is_public(url)
    assert git_credentials.is_public(url)  # nobody answers: the cluster may get one


@pytest.mark.parametrize("key", ["http.proxy", "http.http://git.company.invalid/.proxy"])
def test_a_repository_that_is_behind_a_proxy(project: Project, tmp_path: Path, key: str) -> None:
    """Whether it is public is asked with what git knows of the way, and not of the user."""
    told = f"!echo username={git_server.USER} password={git_server.PASSWORD}"
    project.git("config", "credential.helper", told)
    with git_server.serving(tmp_path) as server:
        hosts = {"git.company.invalid": ("127.0.0.1", int(server.rpartition(":")[2]))}
        with forward_proxy.serving("127.0.0.1", hosts) as proxy:
            project.git("config", key, proxy.url())
            url = "http://git.company.invalid/origin.remotes/project.git"
            assert not git_credentials.is_public(url)
    assert proxy.passed == ["git.company.invalid"]


def test_a_header_in_a_secret(configure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure({"auths": {"registry.example": {"auth": AUTH}}})
    header(monkeypatch, BEARER)
    [_, made] = known().new_secrets
    assert (made.type, made.data) == ("Opaque", {"header": BEARER.encode()})
