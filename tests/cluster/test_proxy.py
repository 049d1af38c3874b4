"""A proxy between git and its server, here and in the cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests import forward_proxy
from tests.cluster import git_servers
from tests.cluster.conftest import Namespace, Submit
from tests.cluster.leaks import assert_not_seen
from tests.cluster.test_builder import EPHEMERAL, build_pods
from tests.conftest import Repository, bare, local
from tests.forward_proxy import PASSWORD, ForwardProxy

GIT = "git.company.invalid"
OF_A_STEP = "packages.company.invalid"
CAT = ("--", "cat", "greeting.txt")


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    """A proxy that pods can reach; it alone knows the git server by its name."""
    here = git_servers.host()
    registry, _, port = local("LOCAL_REGISTRY").partition(":")
    with git_servers.serving(git_servers.GitServer) as server:
        git = (here, server.server_port)
        hosts = {GIT: git, OF_A_STEP: git, "registry.test": (registry, int(port))}
        with forward_proxy.serving(here, hosts) as proxy:
            yield proxy


@pytest.fixture
def behind(repository: Repository, proxy: ForwardProxy) -> Repository:
    """A repository that is fetched from that server; its build asks the proxy for a file, too."""
    repository.write("greeting.txt", "hello\n")
    url = f"http://{OF_A_STEP}/{bare(repository).name}/info/refs?service=git-upload-pack"
    dockerfile = (repository.folder / "Dockerfile").read_text(encoding="utf-8")
    repository.write("Dockerfile", f"{dockerfile}RUN wget -O /dev/null '{url}'\n")
    repository.commit()
    git_servers.fetch_from(f"http://{GIT}", repository)
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    return repository


def create_secret(namespace: Namespace, **variables: str) -> None:
    """The Secret `proxy`, as a user makes it."""
    data = [f"--from-literal={name}={value}" for name, value in variables.items()]
    namespace.kubectl("create", "secret", "generic", "proxy", *data)


def test_all_that_a_build_reaches(
    behind: Repository, namespace: Namespace, submit: Submit, proxy: ForwardProxy
) -> None:
    """The commit, the base image, what a step downloads, and the push."""
    create_secret(namespace, HTTP_PROXY=proxy.url())
    here = {"http_proxy": proxy.url()}
    flags = ("--proxy-secret=proxy", "--verbose")

    refused = submit("--verbose", *CAT, cwd=behind.folder, env=here)
    asked = set(proxy.passed)
    result = submit(*flags, *CAT, cwd=behind.folder, env=here)

    assert refused.exit_code == 125
    assert f"Could not resolve host: {GIT}" in refused.stderr
    assert asked == {GIT}
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert set(proxy.passed) == {GIT, OF_A_STEP, "registry.test"}
    assert PASSWORD not in refused.stderr
    assert_not_seen(PASSWORD, namespace, result)
    [image] = [line.split()[-1] for line in result.stderr.splitlines() if line.startswith("image:")]
    name = image.replace(local("LOCAL_PULL_REGISTRY"), local("LOCAL_REGISTRY"))
    told = subprocess.run(["crane", "config", name], capture_output=True, text=True, check=True)
    assert "proxy" not in told.stdout.lower()


def test_hosts_that_are_reached_without_it(
    behind: Repository, namespace: Namespace, submit: Submit, proxy: ForwardProxy
) -> None:
    """NO_PROXY; and a setting of git's here, for one remote or for all."""
    create_secret(namespace, HTTP_PROXY=proxy.url(), NO_PROXY="registry.test,.cluster.local")
    behind.git("config", "http.proxy", "http://127.0.0.1:9")
    behind.git("config", "remote.origin.proxy", proxy.url())

    result = submit("--proxy-secret=proxy", "--verbose", *CAT, cwd=behind.folder)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert set(proxy.passed) == {GIT, OF_A_STEP}
    assert_not_seen(PASSWORD, namespace, result)


def test_a_builder_that_stays(
    behind: Repository, namespace: Namespace, submit: Submit, proxy: ForwardProxy
) -> None:
    """It has a proxy of its own, and builds reach it without theirs."""
    create_secret(namespace, HTTP_PROXY=proxy.url(), HTTPS_PROXY=proxy.url())
    here = {"http_proxy": proxy.url()}

    made = submit("builder", "create", *EPHEMERAL, "--proxy-secret=proxy")
    result = submit("--proxy-secret=proxy", "--verbose", *CAT, cwd=behind.folder, env=here)

    assert made.exit_code == 0, made.stderr
    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    [pod] = build_pods(namespace)
    assert "initContainers" not in pod["spec"]  # no BuildKit of its own
    assert set(proxy.passed) == {GIT, OF_A_STEP, "registry.test"}
    assert_not_seen(PASSWORD, namespace, result)


def test_a_proxy_that_refuses(
    behind: Repository, namespace: Namespace, submit: Submit, proxy: ForwardProxy
) -> None:
    """A wrong password, here and in the cluster."""
    wrong = proxy.url().replace(PASSWORD, f"wrong-{PASSWORD}")
    create_secret(namespace, HTTP_PROXY=wrong, NO_PROXY="registry.test")

    here = submit(*CAT, cwd=behind.folder, env={"http_proxy": wrong})
    behind.git("update-ref", "refs/remotes/origin/main", "HEAD")
    there = submit("--proxy-secret=proxy", *CAT, cwd=behind.folder, env={"http_proxy": wrong})

    for refused in (here, there):
        assert (refused.exit_code, refused.stdout) == (125, "")
        assert "407" in refused.stderr
        assert PASSWORD not in refused.stderr
    assert "does not say whether it has the commit" in here.stderr
    assert proxy.passed == []


def test_a_secret_that_is_not_there(behind: Repository, submit: Submit) -> None:
    behind.git("update-ref", "refs/remotes/origin/main", "HEAD")
    result = submit("--proxy-secret=none", *CAT, cwd=behind.folder)
    assert (result.exit_code, result.stdout) == (125, "")
    assert "not in the namespace: secret/none" in result.stderr
