"""The second build: what has not changed is taken from a cache in the registry."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster.conftest import MANIFESTS, Namespace, Submit
from tests.conftest import Repository, local
from tests.registry_proxy import RegistryProxy, WrittenOnce, serving

WARNING = "warning: the build cache "


@pytest.fixture
def project(repository: Repository) -> Repository:
    """A repository whose build has a step that no other test has; /step tells when it ran."""
    base = f"FROM {local('LOCAL_PULL_REGISTRY')}/busybox:1\n"
    step = f"RUN echo {uuid.uuid4()} > /step; cat /proc/uptime >> /step\n"
    repository.write("Dockerfile", f"{base}{step}WORKDIR /app\nCOPY . .\n")
    repository.git("switch", "--quiet", "--create", f"branch-{uuid.uuid4().hex[:8]}")
    change(repository, "first")
    return repository


def change(project: Repository, text: str) -> str:
    """Change one line of the program; the commit."""
    project.write("greeting.txt", f"{text}\n")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", f"unique: {uuid.uuid4()}")
    project.git("push", "--quiet", "--set-upstream", "origin", "HEAD")
    return project.git("rev-parse", "HEAD")


def cache_tags(project: Repository, repository: str = "") -> list[str]:
    """The caches of the project's branch."""
    name = repository or local("KUBECTL_SUBMIT_IMAGE_REPOSITORY")
    listed = subprocess.run(["crane", "ls", name], capture_output=True, text=True, check=False)
    branch = project.git("branch", "--show-current")
    return [tag for tag in listed.stdout.split() if tag.startswith(f"cache-{branch}-")]


COMMAND = ("--", "cat", "/step", "greeting.txt")


@pytest.mark.parametrize("builds", [("remote", "remote"), ("local", "remote"), ("remote", "local")])
def test_a_changed_line_repeats_no_other_step(
    project: Repository, submit: Submit, builds: tuple[str, str]
) -> None:
    """Wherever the first build was."""
    first = submit(f"--build={builds[0]}", *COMMAND, cwd=project.folder)
    change(project, "second")
    second = submit(f"--build={builds[1]}", *COMMAND, cwd=project.folder)

    assert first.exit_code == second.exit_code == 0, first.stderr + second.stderr
    assert first.stdout.endswith("first\n")
    assert second.stdout == first.stdout.removesuffix("first\n") + "second\n"
    assert WARNING not in first.stderr + second.stderr
    assert len(cache_tags(project)) == 1


def test_a_new_branch_begins_with_the_default_branch(project: Repository, submit: Submit) -> None:
    """Which is main here, as far as the remote-tracking branches tell."""
    project.git("push", "--quiet", "origin", "HEAD:main")
    project.git("switch", "--quiet", "--create", "main")
    first = submit(*COMMAND, cwd=project.folder)
    project.git("switch", "--quiet", "--create", f"branch-{uuid.uuid4().hex[:8]}")
    change(project, "second")
    second = submit(*COMMAND, cwd=project.folder)

    assert first.exit_code == second.exit_code == 0, first.stderr + second.stderr
    assert second.stdout == first.stdout.removesuffix("first\n") + "second\n"
    assert len(cache_tags(project)) == 1


def test_no_cache_and_another_repository(project: Repository, submit: Submit) -> None:
    name = f"caches-{uuid.uuid4().hex[:8]}"
    none = submit("--build-cache=none", *COMMAND, cwd=project.folder)
    assert (none.exit_code, cache_tags(project)) == (0, []), none.stderr
    change(project, "second")

    other = f"--build-cache=registry={local('LOCAL_PULL_REGISTRY')}/{name}"
    first = submit(other, *COMMAND, cwd=project.folder)
    change(project, "third")
    second = submit(other, *COMMAND, cwd=project.folder)

    assert first.exit_code == second.exit_code == 0, first.stderr + second.stderr
    assert second.stdout == first.stdout.removesuffix("second\n") + "third\n"
    assert cache_tags(project) == []
    host = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[0]
    assert len(cache_tags(project, f"{host}/{name}")) == 1


def test_caches_of_dockers_own(project: Repository, submit: Submit) -> None:
    reference = f"{local('LOCAL_PULL_REGISTRY')}/caches:{uuid.uuid4()}"
    cache = f"type=registry,ref={reference}"
    flags = (f"--cache-from={cache}", f"--cache-to={cache},mode=max")

    first = submit(*flags, *COMMAND, cwd=project.folder)
    change(project, "second")
    second = submit(*flags, *COMMAND, cwd=project.folder)

    assert first.exit_code == second.exit_code == 0, first.stderr + second.stderr
    assert second.stdout == first.stdout.removesuffix("first\n") + "second\n"
    assert cache_tags(project) == []


def test_builds_at_once_write_one_cache(project: Repository, submit: Submit) -> None:
    """Of different commits, so that each has a build of its own."""
    flags = ((), ("--target=last",), ("--rebuild",), ("--rebuild",))
    dockerfile = (project.folder / "Dockerfile").read_text(encoding="utf-8")
    project.write("Dockerfile", dockerfile.replace(":1\n", ":1 AS last\n", 1))
    change(project, "first")

    running = [submit.start(*one, *COMMAND, cwd=project.folder) for one in flags]
    ended = [one.finish() for one in running]

    assert [one.exit_code for one in ended] == [0] * len(flags), [one.stderr for one in ended]
    assert not any(WARNING in one.stderr for one in ended)
    assert len(cache_tags(project)) == 2  # one a target


class ReadOnly(RegistryProxy):
    """We may not write."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Refuse what changes something."""
        if self.command in ("GET", "HEAD"):
            return None
        return 403, b'{"errors": [{"code": "DENIED", "message": "read-only"}]}'


class NoCaches(RegistryProxy):
    """It takes images only."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Refuse every tag."""
        if self.writes_a_tag():
            return 400, b'{"errors": [{"code": "MANIFEST_INVALID", "message": "not an image"}]}'
        return None


class NoManifest(RegistryProxy):
    """What it has under a tag is no manifest."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Answer with something else."""
        return (200, b"<html>") if self.command == "GET" and "/manifests/" in self.path else None


class NoLayers(RegistryProxy):
    """Layers are lost, but the manifest and the cache's configuration are there."""

    def refusal(self, body: bytes) -> tuple[int, bytes] | None:
        """Find no blob but what is JSON."""
        if self.command != "GET" or "/blobs/sha256:" not in self.path:
            return None
        return None if self.ask("GET", b"").read(1) == b"{" else (404, b"")


class Faulty:
    """Submits with a cache in a registry with a fault, which pods reach."""

    def __init__(self, namespace: Namespace, submit: Submit, folder: Path) -> None:
        self._submit = submit
        self._namespace = namespace
        self._folder = folder

    def __call__(self, registry: str, project: Repository) -> tuple[str, str]:
        """Build with it; what the command and what we wrote."""
        repository = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY").partition("/")[2]
        flags = (
            f"--build-manifest={self._manifest(registry)}",
            f"--build-cache=registry={registry}/{repository}",
        )
        result = self._submit(*flags, *COMMAND, cwd=project.folder)
        assert result.exit_code == 0, result.stderr
        return result.stdout, result.stderr

    def _manifest(self, registry: str) -> Path:
        """The default build Job, whose BuildKit knows that these registries have no TLS."""
        name = f"buildkit-{uuid.uuid4().hex[:8]}"
        hosts = (registry, local("LOCAL_PULL_REGISTRY"))
        settings = "".join(f'    [registry."{host}"]\n    http = true\n' for host in hosts)
        text = (MANIFESTS / "build-remote.yml").read_text(encoding="utf-8")
        mount = "- {name: settings, mountPath: /home/user/.config/buildkit}\n        "
        volume = f"- {{name: settings, configMap: {{name: {name}}}}}\n      "
        text = text.replace("- {name: layers, mountPath", mount + "- {name: layers, mountPath")
        text = text.replace("- {name: layers, emptyDir", volume + "- {name: layers, emptyDir")
        head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n"
        manifest = self._folder / f"{name}.yml"
        manifest.write_text(f"{head}  buildkitd.toml: |\n{settings}---\n{text}", encoding="utf-8")
        return manifest


@pytest.fixture
def faulty(namespace: Namespace, submit: Submit, tmp_path: Path) -> Faulty:
    """Submits whose cache is in a registry with a fault."""
    return Faulty(namespace, submit, tmp_path)


def host() -> str:
    """An address of this machine that pods reach."""
    return urlsplit(local("LOCAL_GIT")).hostname or ""


@pytest.mark.parametrize(
    ("registry", "words"), [(ReadOnly, "denied: read-only"), (NoCaches, "not an image")]
)
def test_a_cache_that_cannot_be_written(
    project: Repository, faulty: Faulty, registry: type[RegistryProxy], words: str
) -> None:
    with serving(registry, host()) as address:
        stdout, stderr = faulty(address, project)
    assert stdout.endswith("first\n")
    assert stderr.count(WARNING) == 1
    [warning] = [line for line in stderr.splitlines() if line.startswith(WARNING)]
    assert words in warning


def test_a_registry_that_is_down(project: Repository, faulty: Faulty) -> None:
    stdout, stderr = faulty(f"{host()}:1", project)
    assert stdout.endswith("first\n")
    assert stderr.count(WARNING) == 1


def test_tags_that_are_written_once(project: Repository, faulty: Faulty) -> None:
    """The first cache stays, and is used."""
    with serving(WrittenOnce, host()) as address:
        first, said = faulty(address, project)
        assert WARNING not in said
        change(project, "second")
        second, said = faulty(address, project)
    assert second == first.removesuffix("first\n") + "second\n"
    assert said.count(WARNING) == 1


@pytest.mark.parametrize("registry", [NoManifest, NoLayers])
def test_a_cache_that_cannot_be_read(
    project: Repository, faulty: Faulty, registry: type[RegistryProxy]
) -> None:
    with serving(RegistryProxy, host()) as address:
        faulty(address, project)
    change(project, "second")
    with serving(registry, host()) as address:
        stdout, _ = faulty(address, project)
    assert stdout.endswith("second\n")
