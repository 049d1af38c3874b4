"""A company's registry and git server: certificates of its own authority, and much is refused."""

from __future__ import annotations

import re
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import company, git_servers
from tests.cluster.conftest import Namespace, Submit, create_registry_secret
from tests.cluster.leaks import assert_not_seen
from tests.cluster.test_builder import EPHEMERAL
from tests.conftest import Repository, eventually, local
from tests.registry_proxy import Company, RegistryProxy, serving

CAT = ("--", "cat", "greeting.txt")
DIGEST = re.compile("sha256:[0-9a-f]{64}")
UNKNOWN = "Name a file with the certificate of your company's authority: --ca-file FILE"


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """Of a server on an address that pods can reach."""
    return company.tls(tmp_path, git_servers.host())


@pytest.fixture
def trust() -> str:
    """The flag."""
    return f"--ca-file={local('LOCAL_COMPANY_CA')}"


@pytest.fixture
def https(repository: Repository, tls: ssl.SSLContext) -> Iterator[Repository]:
    """A repository on a git server with such a certificate; this machine trusts it."""
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    repository.git("config", "http.sslCAInfo", local("LOCAL_COMPANY_CA"))
    with git_servers.serving(git_servers.GitServer, tls) as server:
        git_servers.fetch_from(git_servers.url(server), repository)
        yield repository


def images(registry: str) -> tuple[str, ...]:
    """The flags with an image repository there that no other test has."""
    name = f"{registry}/submit-{uuid.uuid4().hex[:8]}"
    return f"--image-repository={name}", f"--pull-repository={name}"


def test_git_and_registry_of_a_company(
    https: Repository, namespace: Namespace, submit: Submit, tls: ssl.SSLContext, trust: str
) -> None:
    with serving(RegistryProxy, git_servers.host(), tls) as registry:
        where = images(registry)
        refused = submit(*where, *CAT, cwd=https.folder)
        eventually(lambda: namespace.names("jobs,pods,secrets") == [], "nothing is left")
        result = submit(*where, trust, *CAT, cwd=https.folder)

    assert (refused.exit_code, refused.stdout) == (125, "")
    assert "certificate" in refused.stderr
    assert UNKNOWN in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr


def test_a_builder_that_trusts_a_company(
    https: Repository, submit: Submit, tls: ssl.SSLContext, trust: str
) -> None:
    """And goes on to, where `create` is given again without the file."""
    with serving(RegistryProxy, git_servers.host(), tls) as registry:
        where = images(registry)
        made = submit("builder", "create", *EPHEMERAL)
        refused = submit(*where, trust, *CAT, cwd=https.folder)
        changed = submit("builder", "create", *EPHEMERAL, trust)
        again = submit("builder", "create", *EPHEMERAL)
        result = submit(*where, trust, *CAT, cwd=https.folder)

    assert (made.exit_code, changed.exit_code, again.exit_code) == (0, 0, 0), again.stderr
    assert (refused.exit_code, refused.stdout) == (125, "")
    assert "A builder needs it as well: kubectl submit builder create --ca-file" in refused.stderr
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr


def test_a_registry_that_refuses_much(
    repository: Repository, namespace: Namespace, submit: Submit, tls: ssl.SSLContext, trust: str
) -> None:
    """No anonymous read, tags that are written once, no index: each build goes on without."""
    repository.write("greeting.txt", "first\n")
    repository.commit()
    password = local("LOCAL_PASSWORD")
    with serving(Company, git_servers.host(), tls) as registry:
        create_registry_secret(namespace, registry, password)
        flags = (*images(registry), trust, "--registry-secret=registry")
        first = submit(*flags, *CAT, cwd=repository.folder)
        again = submit(*flags, *CAT, cwd=repository.folder)
        repository.write("greeting.txt", "second\n")
        repository.commit()
        second = submit(*flags, *CAT, cwd=repository.folder)
        rebuilt = submit(*flags, "--rebuild", *CAT, cwd=repository.folder)

    assert (first.exit_code, first.stdout) == (0, "first\n"), first.stderr
    assert (again.exit_code, again.stdout) == (0, "first\n"), again.stderr
    assert DIGEST.findall(again.stderr)[-1] == DIGEST.findall(first.stderr)[-1]
    assert (second.exit_code, second.stdout) == (0, "second\n"), second.stderr
    assert (rebuilt.exit_code, rebuilt.stdout) == (125, "")
    assert "immutable tag" in rebuilt.stderr
    for one in (first, again, second, rebuilt):
        assert_not_seen(password, namespace, one)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot read"),
        ("no certificate\n", "has no certificate"),
        ("-----BEGIN PRIVATE KEY-----\n", "has a private key"),
    ],
)
def test_a_file_that_is_none(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    tmp_path: Path,
    text: str | None,
    words: str,
) -> None:
    repository.commit()
    file = tmp_path / "company.pem"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    result = submit(f"--ca-file={file}", "--", "true", cwd=repository.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr.startswith("error: --ca-file: ")
    assert words in result.stderr
    assert namespace.names("jobs,pods,secrets") == []
