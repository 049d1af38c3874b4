"""The shell script of the build Job: run as the Job runs it, with real git and without docker."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts import embed
from tests import forward_proxy
from tests.patience import PATIENCE

from . import git_server
from .repositories import PATH, Project, pushed

SHELLCHECK = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{PATH}")
DIGEST = "sha256:" + "5d" * 32
# Builds nothing: keeps what would be built, and its flags. No registry has a tag.
DOCKER = """\
#!/bin/sh
case "$*" in
*"build --push"*)
  echo "$*" >> "$OUT.flags"
  rm -rf "$OUT"
  cp -R . "$OUT"
  case "$*" in *--cache-from*) printf '%b' "$SAYS" >&2; [ -z "$FAILS" ] || exit 1 ;; esac
  printf '{"containerimage.digest": "%s"}' "$DIGEST" > "$HOME/metadata.json" ;;
*"buildx build"*) exit 1 ;;
esac
"""
ALWAYS = {
    "GIT_TERMINAL_PROMPT": "0",
    "REF": "",
    "REBUILD": "",
    "IMAGE": "registry.example/app:1",
    "DOCKERFILE": "Dockerfile",
    "CONTEXT": ".",
    "CACHE_FROM": "",
    "CACHE_TO": "",
    "SAYS": "",
    "FAILS": "",
    "DOCKER_CONFIG": "/nowhere",
    "BUILDER": "",
    "BUILDER_CERTIFICATE": "/nowhere",
}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 4\n".format("4" * 64)


@pytest.mark.parametrize("one", [embed.BUILD, embed.SUBMITTER])
def test_the_manifest_has_the_program(one: embed.Embedded) -> None:
    """If not: python -m scripts.embed."""
    assert one.manifest.read_text(encoding="utf-8") == one.written()


def test_shellcheck_finds_nothing() -> None:
    assert SHELLCHECK, "this test needs shellcheck: pip install --group dev"
    argv = [SHELLCHECK, "--shell=sh", str(embed.BUILD.program)]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@dataclass(frozen=True, kw_only=True)
class Built:
    """What the script left."""

    exit_code: int
    words: str
    message: str
    files: Mapping[str, str]
    flags: list[str]
    """Those of each `docker buildx build`."""


class Job:
    """Runs the script in folders of its own in place of the container's."""

    def __init__(self, folder: Path, buildkit: Path) -> None:
        self.folder = folder
        self.buildkit = buildkit
        self.secret = folder / "secret"
        self.words = folder / "words"
        self.docker = DOCKER
        self.settings = {"protocol.file.allow": "always"}

    def build(self, url: str, commit: str, *flags: str, **variables: str) -> Built:
        """Build a commit of a remote."""
        home, out, message = self.folder / "build", self.folder / "out", self.folder / "message"
        home.mkdir()
        docker = self.folder / "programs" / "docker"
        docker.parent.mkdir()
        docker.write_text(self.docker)
        docker.chmod(0o755)
        script = embed.BUILD.text().replace("/build/", f"{home}/")
        script = script.replace("/run/user/1000/buildkit", str(self.buildkit))
        script = script.replace("/dev/termination-log", str(message)).replace("pause=6", "pause=0")
        script = script.replace("silence=600", "silence=1")
        with self.words.open("wb") as stderr:
            ran = subprocess.run(
                ["sh", "-euc", script, "build", *flags],
                env={
                    "PATH": f"{docker.parent}:{PATH}",
                    "LC_ALL": "C",
                    "HOME": str(home),
                    "OUT": str(out),
                    "DIGEST": DIGEST,
                    "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_SECRET": str(self.secret),
                    "GIT_URL": url,
                    "COMMIT": commit,
                    **ALWAYS,
                    **self._settings(),
                    **variables,
                },
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                timeout=PATIENCE,
                check=False,
            )
        told = Path(f"{out}.flags")
        files = {str(file.relative_to(out)): file for file in out.rglob("*") if file.is_file()}
        return Built(
            exit_code=ran.returncode,
            words=self.words.read_text(),
            message=message.read_text() if message.exists() else "",
            files={path: file.read_text() for path, file in files.items()},
            flags=told.read_text().splitlines() if told.exists() else [],
        )

    def _settings(self) -> dict[str, str]:
        """git's settings, as the environment has them."""
        listed = dict(enumerate(self.settings.items()))
        keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in listed.items()}
        values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in listed.items()}
        return {"GIT_CONFIG_COUNT": str(len(listed)), **keys, **values}


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    folder = tmp_path / "job"
    folder.mkdir()
    # The path of a socket is short.
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as place,
        socket.socket(socket.AF_UNIX) as buildkit,
    ):
        buildkit.bind(f"{place}/buildkitd.sock")
        yield Job(folder, Path(place))


def remote(project: Project) -> str:
    return project.git("remote", "get-url", "origin")


FILES = {"Dockerfile": "FROM busybox\n", "main.py": "print('hello')\n"}


def test_a_commit(project: Project, job: Job) -> None:
    built = job.build(remote(project), project.head())
    assert (built.exit_code, built.files) == (0, FILES), built.words
    assert built.message == f'{{"digest":"{DIGEST}"}}'


def test_says_so_where_git_takes_longer_than_all_else(project: Project, job: Job) -> None:
    told = f"until grep -q 'git is still fetching' {job.words}; do sleep 0.1; done; cat"
    job.settings["filter.slow.smudge"] = told
    project.write(".gitattributes", "*.py filter=slow\n")
    project.commit()
    project.push()
    built = job.build(remote(project), project.head())
    assert built.exit_code == 0, built.words
    assert built.files["main.py"] == "print('hello')\n"


def test_a_server_that_sends_only_the_tips_of_branches(project: Project, job: Job) -> None:
    first = project.head()
    project.write("main.py", "changed")
    project.commit()
    project.push()
    job.settings["protocol.version"] = "0"
    built = job.build(remote(project), first)
    assert (built.exit_code, built.files) == (0, FILES), built.words
    [told] = [line for line in built.words.splitlines() if "unadvertised object" in line]
    assert told.startswith("the git server does not send a commit alone: fetched all branches")


def test_a_commit_that_such_a_server_does_not_have(project: Project, job: Job) -> None:
    job.settings["protocol.version"] = "0"
    missing = "0123456789" * 4
    built = job.build(remote(project), missing)
    assert (built.exit_code, built.files) == (1, {}), built.words
    assert f"error: no branch or tag of {remote(project)} has the commit {missing}\n" in built.words


def test_a_server_that_has_the_last_commits_only(
    tmp_path: Path, project: Project, job: Job
) -> None:
    """A mirror that is a shallow clone itself."""
    for text in ("second", "third"):
        project.write("main.py", text)
        project.commit()
    project.push()
    mirror = tmp_path / "mirror.git"
    url = f"file://{remote(project)}"
    project.git("clone", "--quiet", "--bare", "--depth=2", url, str(mirror))
    job.settings["protocol.version"] = "0"
    built = job.build(f"file://{mirror}", project.git("rev-parse", "HEAD~1"))
    assert (built.exit_code, built.files.get("main.py")) == (0, "second"), built.words
    assert "warning" not in built.words


def test_a_server_that_cannot_be_reached_is_asked_once(job: Job) -> None:
    with forward_proxy.serving("127.0.0.1", {"git.company.invalid": ("127.0.0.1", 9)}) as proxy:
        url = "http://git.company.invalid/app.git"
        built = job.build(url, "0123456789" * 4, HTTP_PROXY=proxy.url())
    assert (built.exit_code, built.files) == (128, {})
    assert built.words.count("unable to access") == 1
    assert proxy.passed == ["git.company.invalid"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/app.git", "ssh://git@127.0.0.1:{}/app.git"])
def test_a_server_that_says_nothing_is_given_up(job: Job, url: str) -> None:
    job.secret.mkdir()
    (job.secret / "ssh-privatekey").write_text("of no use")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes connections for it
        built = job.build(url.format(silent.getsockname()[1]), "0123456789" * 4)
    assert (built.exit_code, built.files) == (128, {}), built.words
    assert re.search("Operation too slow|Connection timed out|Operation timed out", built.words)


PROXY = {"HTTP_PROXY": "http://ada:canary@127.0.0.1:9", "no_proxy": "registry.example"}


def test_a_proxy_is_that_of_the_steps_too(project: Project, job: Job) -> None:
    """By the names of the variables, whatever their case; a flag of the user's goes last."""
    job.docker = job.docker.replace("rm -rf", 'echo "$http_proxy $NO_PROXY" > "$OUT.env"; rm -rf')
    built = job.build(remote(project), project.head(), "--build-arg=HTTP_PROXY=own", **PROXY)
    assert built.exit_code == 0, built.words
    [told] = built.flags
    named = re.findall(r"--build-arg=(\S+)", told)
    assert sorted(named[:-1]) == ["HTTP_PROXY", "NO_PROXY", "http_proxy", "no_proxy"]
    assert named[-1] == "HTTP_PROXY=own"
    assert "canary" not in told + built.words
    environment = (job.folder / "out.env").read_text()
    assert environment == "http://ada:canary@127.0.0.1:9 registry.example\n"


def test_git_goes_through_the_proxy(tmp_path: Path, project: Project, job: Job) -> None:
    job.secret.mkdir()
    for name, text in SECRETS[0].items():
        (job.secret / name).write_text(text)
    with git_server.serving(tmp_path) as server:
        address = ("127.0.0.1", int(server.rpartition(":")[2]))
        with forward_proxy.serving("127.0.0.1", {"git.company.invalid": address}) as proxy:
            path = Path(remote(project)).relative_to(tmp_path)
            url = f"http://git.company.invalid/{path}"
            built = job.build(url, project.head(), HTTP_PROXY=proxy.url())
    assert (built.exit_code, built.files) == (0, FILES), built.words
    assert set(proxy.passed) == {"git.company.invalid"}
    assert forward_proxy.PASSWORD not in built.words


def test_passwords_for_several_servers(tmp_path: Path, project: Project, job: Job) -> None:
    lib = pushed(tmp_path / "lib", {"lib.py": "of the library"})
    project.add_submodule(lib, "lib")
    with git_server.serving(tmp_path) as one, git_server.serving(tmp_path) as other:
        url = f"{other}/{Path(remote(lib)).relative_to(tmp_path)}"
        project.git("config", "--file", ".gitmodules", "submodule.lib.url", url)
        project.commit()
        project.push()
        job.secret.mkdir()
        account = f"//{git_server.USER}:{git_server.PASSWORD}@"
        lines = [f"{server}\n".replace("//", account) for server in (one, other)]
        (job.secret / ".git-credentials").write_text("".join(lines))
        path = Path(remote(project)).relative_to(tmp_path)
        built = job.build(f"{one}/{path}", project.head())
    assert (built.exit_code, built.files.get("lib/lib.py")) == (0, "of the library"), built.words
    assert git_server.PASSWORD not in built.words


def test_a_repository_with_sha256(tmp_path: Path, job: Job) -> None:
    bare, root = tmp_path / "bare.git", tmp_path / "sha256"
    project = Project(tmp_path / "any")
    project.git("init", "--quiet", "--bare", "--object-format=sha256", str(bare))
    project.git("init", "--quiet", "--object-format=sha256", str(root))
    project = Project(root)
    project.write("Dockerfile", "FROM busybox\n")
    commit = project.commit()
    project.git("push", "--quiet", str(bare), "HEAD")
    built = job.build(str(bare), commit)
    assert (built.exit_code, built.files) == (0, {"Dockerfile": "FROM busybox\n"}), built.words


def test_a_submodule_that_git_leaves_out(tmp_path: Path, project: Project, job: Job) -> None:
    lib = pushed(tmp_path / "lib", {"lib.py": "lib"})
    project.add_submodule(lib, "lib")
    project.add_submodule(lib, "none")
    project.git("config", "--file", ".gitmodules", "submodule.none.update", "none")
    project.commit()
    project.push()
    built = job.build(remote(project), project.head())
    assert built.exit_code == 0, built.words
    assert built.files.keys() == FILES.keys() | {".gitmodules", "lib/lib.py"}


@pytest.mark.parametrize("others", [False, True])
def test_a_repository_inside_that_has_no_url(
    tmp_path: Path, project: Project, job: Job, others: bool
) -> None:
    """Whoever clones the remote gets an empty folder."""
    if others:
        project.add_submodule(pushed(tmp_path / "lib", {"lib.py": "lib"}), "lïb s")
    inside = Project(project.root / "inside")
    inside.write("a.py")
    inside.commit()
    project.commit()
    project.push()
    built = job.build(remote(project), project.head())
    assert built.exit_code == 0, built.words
    more = {".gitmodules", "lïb s/lib.py"} if others else set()
    assert built.files.keys() == FILES.keys() | more


def test_a_submodule_at_an_older_commit(tmp_path: Path, project: Project, job: Job) -> None:
    lib = pushed(tmp_path / "lib", {"lib.py": "before"})
    project.add_submodule(lib, "lib")
    for text in ("between", "after"):
        lib.write("lib.py", text)
        lib.commit()
        lib.push()
    job.settings["protocol.version"] = "0"
    built = job.build(remote(project), project.head())
    assert (built.exit_code, built.files.get("lib/lib.py")) == (0, "before"), built.words


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with git_server.serving(tmp_path) as url:
        yield url


SECRETS = [
    {"username": git_server.USER, "password": git_server.PASSWORD},
    {"header": f"AUTHORIZATION: basic {git_server.BASIC}"},
]


@pytest.mark.parametrize("secret", SECRETS, ids=["password", "header"])
@pytest.mark.parametrize(
    "url", ["git@127.0.0.1:{}", "ssh://git@127.0.0.1/{}", "ssh://git@127.0.0.1:2222/{}", "../../{}"]
)
def test_a_submodule_on_the_remotes_server(
    tmp_path: Path, project: Project, job: Job, server: str, secret: dict[str, str], url: str
) -> None:
    """It is fetched as the remote is, whatever way .gitmodules names."""
    lib = pushed(tmp_path / "lib", {"lib.py": "of the library"})
    project.add_submodule(lib, "lib")
    path = Path(remote(lib)).relative_to(tmp_path)
    project.git("config", "--file", ".gitmodules", "submodule.lib.url", url.format(path))
    project.commit()
    project.push()
    job.secret.mkdir()
    for name, text in secret.items():
        (job.secret / name).write_text(text)

    url = f"{server}/{Path(remote(project)).relative_to(tmp_path)}"
    built = job.build(url, project.head(), GIT_SSH_COMMAND="false")

    assert (built.exit_code, built.files.get("lib/lib.py")) == (0, "of the library"), built.words
    assert git_server.PASSWORD not in built.words


def test_without_the_password(tmp_path: Path, project: Project, job: Job, server: str) -> None:
    url = f"{server}/{Path(remote(project)).relative_to(tmp_path)}"
    built = job.build(url, project.head())
    assert (built.exit_code, built.files, built.message) == (128, {}, "")
    assert "could not read Username" in built.words


@pytest.mark.parametrize("where", ["", "lib"])
def test_pointers_of_git_lfs(tmp_path: Path, project: Project, job: Job, where: str) -> None:
    """In an image without git-lfs; whatever way .gitattributes says so."""
    owner = pushed(tmp_path / "lib", {"lib.py": "lib"}) if where else project
    owner.write(".gitattributes", "[attr]large filter=lfs -text\n*.bin large\n")
    owner.write("deep/two words.bin", POINTER)
    owner.commit()
    owner.push()
    if where:
        project.add_submodule(owner, where)
    job.settings["alias.lfs"] = "!false"  # this machine may have it
    built = job.build(remote(project), project.head())
    assert (built.exit_code, built.files, built.message) == (1, {}, "")
    path = Path(where) / "deep/two words.bin"
    assert f"in git LFS, and the builder image has no git-lfs:\n  {path}\n" in built.words


def test_what_only_looks_like_git_lfs(project: Project, job: Job) -> None:
    project.write(".gitattributes", "*.bin filter=lfs\n")
    project.write("a.bin", "committed as it is\n")
    project.write("pointer.txt", POINTER)
    project.commit()
    project.push()
    job.settings["alias.lfs"] = "!false"
    built = job.build(remote(project), project.head())
    assert built.exit_code == 0, built.words
    assert built.files["pointer.txt"] == POINTER


def test_files_that_git_crypt_has_encrypted(project: Project, job: Job) -> None:
    project.write(".gitattributes", "*.key filter=git-crypt\n")
    project.write("a.key", "\0GITCRYPT\0 ciphertext")
    project.write("plain.key", "not encrypted")
    project.write("notes", "GITCRYPT")
    project.commit()
    project.push()
    built = job.build(remote(project), project.head())
    assert built.exit_code == 0, built.words
    assert "warning: encrypted with git-crypt" in built.words
    assert "  a.key\n" in built.words
    assert "plain.key" not in built.words
    assert "notes" not in built.words


CACHES = {
    "CACHE_FROM": "registry.example/app:cache-a registry.example/app:cache-b",
    "CACHE_TO": "registry.example/app:cache-a",
}
HERE = os.uname().machine.replace("x86_64", "amd64").replace("aarch64", "arm64")


@pytest.mark.parametrize(("flags", "end"), [((), f"-{HERE}"), (("--platform=linux/arm64",), "")])
def test_the_cache_of_its_platform(
    project: Project, job: Job, flags: tuple[str, ...], end: str
) -> None:
    """Where the flags say none, that is this machine's."""
    built = job.build(remote(project), project.head(), *flags, **CACHES)
    [told] = built.flags
    for one in ("cache-a", "cache-b"):
        assert f" --cache-from=type=registry,ref=registry.example/app:{one}{end} " in told
    assert f" --cache-to=type=registry,ref=registry.example/app:cache-a{end},mode=max," in told
    assert ",ignore-error=true " in told
    assert (built.exit_code, built.message) == (0, f'{{"digest":"{DIGEST}"}}')


def test_without_a_cache_docker_is_told_of_none(project: Project, job: Job) -> None:
    [told] = job.build(remote(project), project.head()).flags
    assert "--cache" not in told


def test_a_cache_that_cannot_be_written(project: Project, job: Job) -> None:
    """As BuildKit 0.32 says it."""
    says = (
        "#6 importing cache manifest from registry.example/app:cache-a\\n"
        "#6 ERROR: registry.example/app:cache-a: not found\\n"
        "#12 exporting cache to registry\\n"
        "#12 ERROR: error writing manifest blob: 403 Forbidden\\n"
    )
    built = job.build(remote(project), project.head(), **CACHES, SAYS=says)
    assert (built.exit_code, built.message) == (0, f'{{"digest":"{DIGEST}"}}')
    assert built.words.count("warning: ") == 1
    cache = f"registry.example/app:cache-a-{HERE}"
    why = "error writing manifest blob: 403 Forbidden"
    assert f"warning: the build cache {cache} was not written: {why} (" in built.words


@pytest.mark.parametrize(
    "why",
    [
        "failed to compute cache key: failed to copy: httpReadSeeker: failed open: could not fetch "
        "content descriptor sha256:1 (application/vnd.oci.image.layer.v1.tar+gzip): not found",
        "failed to load cache key: invalid",
    ],
)
def test_a_cache_that_cannot_be_read(project: Project, job: Job, why: str) -> None:
    """Every step is run, and a cache is written that can be read."""
    says = f"ERROR: failed to build: failed to solve: {why}\\n"
    built = job.build(remote(project), project.head(), **CACHES, SAYS=says, FAILS="yes")
    assert (built.exit_code, built.message) == (0, f'{{"digest":"{DIGEST}"}}')
    [_, again] = built.flags
    assert " --no-cache " in again
    assert " --cache-to=" in again
    assert "--cache-from" not in again
    assert "warning: the build cache cannot be read: building without it\n" in built.words


def test_a_step_that_fails_is_not_repeated(project: Project, job: Job) -> None:
    says = 'ERROR: failed to build: failed to solve: process "/bin/sh -c false" did not complete\\n'
    built = job.build(remote(project), project.head(), **CACHES, SAYS=says, FAILS="yes")
    assert (built.exit_code, len(built.flags), built.message) == (1, 1, "")


def test_a_push_that_fails_is_tried_without_the_cache(project: Project, job: Job) -> None:
    says = "ERROR: failed to build: failed to solve: failed to push registry.example/app:1\\n"
    built = job.build(remote(project), project.head(), **CACHES, SAYS=says, FAILS="yes")
    assert (built.exit_code, built.message) == (0, f'{{"digest":"{DIGEST}"}}')
    [_, again] = built.flags
    assert "cache" not in again.partition("--metadata-file")[0]
    assert "--no-cache" not in again
