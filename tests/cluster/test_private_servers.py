"""A registry and git servers that ask for credentials, which come from Secrets or from here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cluster.conftest import Namespace, Submit, create_git_secret, create_registry_secret
from tests.cluster.leaks import assert_not_seen
from tests.conftest import Repository, eventually, local


@pytest.mark.parametrize("build", ["remote", "local"])
def test_a_registry_with_its_secret(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
    docker_login: Mapping[str, str],
    build: str,
) -> None:
    password = local("LOCAL_PASSWORD")
    repository.write("greeting.txt", "hello\n")
    repository.commit()
    create_registry_secret(namespace, local("LOCAL_PRIVATE_PULL_REGISTRY"), password)
    here = docker_login if build == "local" else {}
    flags = ("--registry-secret=registry", f"--build={build}", "--verbose")

    result = submit(
        *flags, "--", "cat", "greeting.txt", cwd=repository.folder, env={**private_registry, **here}
    )

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert local("LOCAL_PRIVATE_PULL_REGISTRY") in result.stderr
    assert_not_seen(password, namespace, result)


def test_a_registry_without_its_secret(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
) -> None:
    repository.commit()

    result = submit("--", "true", cwd=repository.folder, env=private_registry)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "401 Unauthorized" in result.stderr or "no basic auth credentials" in result.stderr
    eventually(lambda: namespace.names("jobs,pods,secrets") == [], "nothing is left")


def test_what_this_machine_knows(
    private: Repository,
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
    docker_login: Mapping[str, str],
    password: str,
) -> None:
    """For the build and the run, a working tree that is lent, and nothing of it stays."""
    private.commit()
    private.write("greeting.txt", "hello\n")
    environment = {**private_registry, **docker_login}
    flags = ("--credentials-from-local", "--allow-dirty", "--verbose")

    result = submit(*flags, "--", "cat", "greeting.txt", cwd=private.folder, env=environment)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert_not_seen(password, namespace, result)
    run = namespace.job()["metadata"]["name"]
    made = {one["metadata"]["name"]: one for one in namespace.get("secrets")}
    assert sorted(made) == [f"{run}-build-git", f"{run}-build-registry", f"{run}-registry"]
    for secret in made.values():
        [owner] = secret["metadata"]["ownerReferences"]
        assert owner["name"] == run or owner["name"].endswith("-build")
    namespace.kubectl("delete", "jobs", "--all")
    eventually(lambda: namespace.names("secrets") == [], "the Secrets are gone")


def test_what_this_machine_does_not_know(
    repository: Repository,
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
) -> None:
    repository.commit()

    result = submit(
        "--credentials-from-local", "--", "true", cwd=repository.folder, env=private_registry
    )

    host = local("LOCAL_PRIVATE_PULL_REGISTRY")
    assert (result.exit_code, result.stdout) == (125, "")
    assert f"error: no docker credentials found for {host}\n" in result.stderr
    assert namespace.names("jobs,pods,secrets") == []


def test_an_image_that_nobody_built(
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
    docker_login: Mapping[str, str],
    password: str,
) -> None:
    """The run's own Secret lets the kubelet pull it."""
    image = f"--image={local('LOCAL_PRIVATE_PULL_REGISTRY')}/busybox:1"
    environment = {**private_registry, **docker_login}

    result = submit("--credentials-from-local", image, "--", "echo", "hello", env=environment)

    assert (result.exit_code, result.stdout) == (0, "hello\n"), result.stderr
    assert_not_seen(password, namespace, result)
    assert namespace.names("secrets") == [f"{namespace.job()['metadata']['name']}-registry"]


@pytest.fixture
def over_ssh(repository: Repository) -> Repository:
    """A repository whose remote is reached with a key."""
    repository.url = f"{local('LOCAL_GIT_SSH')}/{repository.url.split('/')[-1]}"
    repository.git("remote", "set-url", "origin", repository.url)
    hosts = f"-o UserKnownHostsFile={local('LOCAL_SSH_KNOWN_HOSTS')}"
    repository.git(
        "config",
        "core.sshCommand",
        f"ssh -i {local('LOCAL_SSH_KEY')} -o IdentitiesOnly=yes {hosts}",
    )
    return repository


def another_host_key() -> str:
    """A line of known_hosts that has another key for the server than it shows."""
    host = Path(local("LOCAL_SSH_KNOWN_HOSTS")).read_text(encoding="utf-8").split()[0]
    kind, key, _ = Path(f"{local('LOCAL_SSH_KEY')}.pub").read_text(encoding="utf-8").split()
    return f"{host} {kind} {key}\n"


def create_ssh_secret(namespace: Namespace, known_hosts: str) -> None:
    """The Secret `git`, as a user makes it."""
    files = (f"--from-file=ssh-privatekey={local('LOCAL_SSH_KEY')}",)
    hosts = f"--from-literal=known_hosts={known_hosts}"
    kind = "--type=kubernetes.io/ssh-auth"
    namespace.kubectl("create", "secret", "generic", "git", kind, *files, hosts)


def test_git_over_ssh(over_ssh: Repository, namespace: Namespace, submit: Submit) -> None:
    over_ssh.write("greeting.txt", "hello\n")
    over_ssh.commit()
    over_ssh.write("greeting.txt", "hello again\n")
    create_ssh_secret(namespace, Path(local("LOCAL_SSH_KNOWN_HOSTS")).read_text(encoding="utf-8"))
    flags = ("--git-secret=git", "--allow-dirty", "--verbose")

    result = submit(*flags, "--", "cat", "greeting.txt", cwd=over_ssh.folder)

    assert (result.exit_code, result.stdout) == (0, "hello again\n"), result.stderr
    secret_line = Path(local("LOCAL_SSH_KEY")).read_text(encoding="utf-8").splitlines()[2]
    assert_not_seen(secret_line, namespace, result)


def test_a_git_server_that_is_another_one(
    over_ssh: Repository, namespace: Namespace, submit: Submit
) -> None:
    over_ssh.commit()
    create_ssh_secret(namespace, another_host_key())

    result = submit("--git-secret=git", "--", "true", cwd=over_ssh.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "Host key verification failed" in result.stderr
    assert "does not show the host key that the Secret of --git-secret has" in result.stderr
    assert "put that into the Secret: ssh-keyscan HOST\n" in result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


def test_a_git_server_that_is_another_one_to_this_machine(
    over_ssh: Repository, namespace: Namespace, submit: Submit, tmp_path: Path
) -> None:
    """ssh says so, and nothing hangs: where the server is asked, and where it is pushed to."""
    over_ssh.commit()
    hosts = tmp_path / "known_hosts"
    hosts.write_text(another_host_key(), encoding="utf-8")
    ssh = f"ssh -i {local('LOCAL_SSH_KEY')} -o IdentitiesOnly=yes -o UserKnownHostsFile={hosts}"
    over_ssh.git("config", "core.sshCommand", ssh)
    over_ssh.git("update-ref", "-d", "refs/remotes/origin/main")

    clean = submit("--", "true", cwd=over_ssh.folder)
    dirty = submit("--allow-dirty", "--", "true", cwd=over_ssh.folder)

    for refused in (clean, dirty):
        assert (refused.exit_code, refused.stdout) == (125, "")
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in refused.stderr
        assert f"{hosts}:1\n" in refused.stderr
    assert "does not say whether it has the commit" in clean.stderr
    assert "Try `git ls-remote origin`" in clean.stderr
    assert "`git push --dry-run origin` must work" in dirty.stderr
    assert namespace.names("jobs,pods") == []


def test_a_key_does_not_leave_this_machine(
    over_ssh: Repository,
    namespace: Namespace,
    submit: Submit,
    private_registry: Mapping[str, str],
    docker_login: Mapping[str, str],
) -> None:
    over_ssh.commit()
    environment = {**private_registry, **docker_login}

    result = submit("--credentials-from-local", "--", "true", cwd=over_ssh.folder, env=environment)

    assert (result.exit_code, result.stdout) == (125, "")
    assert "a key for ssh does not leave this machine" in result.stderr
    assert namespace.names("jobs,pods,secrets") == []


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--git-secret=odd", "neither ssh-privatekey nor password"),
        ("--registry-secret=odd", "secret/odd is of the type Opaque"),
    ],
)
def test_a_secret_of_another_kind(
    repository: Repository, namespace: Namespace, submit: Submit, flag: str, words: str
) -> None:
    repository.commit()
    namespace.kubectl("create", "secret", "generic", "odd", "--from-literal=key=value")

    result = submit(flag, "--", "true", cwd=repository.folder)

    assert (result.exit_code, words in result.stderr) == (125, True), result.stderr
    eventually(lambda: namespace.names("jobs,pods") == [], "nothing is left")


class Asking(BaseHTTPRequestHandler):
    """A server that wants to know who is there."""

    def do_GET(self) -> None:
        """Note what it is told."""
        self.server.told.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[ThreadingHTTPServer]:
    """A server that pods can reach; `told` is what it was told."""
    host = local("LOCAL_GIT_HTTP").split("/")[2].rpartition(":")[0]
    server = ThreadingHTTPServer((host, 0), Asking)
    server.told = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_submodule_of_a_stranger(
    private: Repository,
    namespace: Namespace,
    submit: Submit,
    password: str,
    stranger: ThreadingHTTPServer,
) -> None:
    """The password is for the remote's server alone."""
    address = ":".join(map(str, stranger.server_address))
    private.write(".gitmodules", f'[submodule "x"]\npath = x\nurl = http://{address}/x.git\n')
    commit = private.commit()
    private.git("update-index", "--add", "--cacheinfo", f"160000,{commit},x")
    private.git("commit", "--quiet", "--message", "a submodule")
    private.git("push", "--quiet", "origin", "HEAD:main")
    (private.folder / "x").mkdir()
    create_git_secret(namespace, password)

    result = submit("--git-secret=git", "--", "true", cwd=private.folder)

    assert (result.exit_code, result.stdout) == (125, "")
    told = stranger.told  # type: ignore[attr-defined]
    assert set(told) == {None}, result.stderr


def test_a_private_submodule(
    private: Repository,
    make_repository: Callable[[str], Repository],
    namespace: Namespace,
    submit: Submit,
    password: str,
) -> None:
    library = make_repository("library")
    library.write("library.txt", "of the library\n")
    library.commit()
    url = f"{local('LOCAL_GIT_HTTP')}/{library.url.split('/')[-1]}"
    helper = f"!f() {{ echo username={local('LOCAL_USER')}; echo password={password}; }}; f"
    private.git("-c", f"credential.helper={helper}", "submodule", "--quiet", "add", url, "library")
    private.commit()
    create_git_secret(namespace, password)

    result = submit("--git-secret=git", "--", "cat", "library/library.txt", cwd=private.folder)

    assert (result.exit_code, result.stdout) == (0, "of the library\n"), result.stderr
    assert_not_seen(password, namespace, result)
