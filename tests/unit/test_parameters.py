"""What to build and what to run, collected from options and a real repository."""

from __future__ import annotations

import getpass
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from kubectl_submit import execution_backends
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import GateError, UsageError
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import Source
from kubectl_submit.parameters.build_parameters import BuildParameters, collect_build_parameters
from kubectl_submit.parameters.execution_parameters import collect_execution_parameters
from tests.errors import raises_code

from .examples import build_parameters
from .repositories import Project

LIMIT = 52
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def collect(**options: Any) -> BuildParameters:
    """The parameters of a local build, but for these options."""
    plain: dict[str, Any] = {"build": "local", "image_repository": "localhost:5000/app"}
    return collect_build_parameters(Options(**(plain | options)), LIMIT)


def test_a_build_of_a_clean_commit(project: Project) -> None:
    found = collect()
    commit, remote = project.head(), project.git("remote", "get-url", "origin")
    assert re.fullmatch(f"project-{commit[:7]}-.....", found.name)
    assert found.source == Source(
        created_by="ada@example.com", commit=commit, branch="main", remote=remote, dirty=False
    )
    assert (found.root, found.fetch_url) == (project.root, remote)
    assert (found.push_name, found.pull_name) == ("localhost:5000/app", "localhost:5000/app")
    assert (found.tag, found.dockerfile, found.context) == (commit, "Dockerfile", ".")
    assert not found.rebuild


def test_options_are_handed_on(project: Project) -> None:
    options: dict[str, Any] = {
        "target": "test",
        "platform": "linux/arm64",
        "rebuild": True,
        "registry_secret": "registry",
        "git_secret": "git",
        "proxy_secret": "proxy",
        "service_account": "robot",
        "builder_image": "builder:1",
        "buildkit_image": "buildkit:1",
    }
    found = collect(
        **options,
        name="train",
        pull_repository="registry/app",
        build_arg=(("A", "1"),),
        build_manifest="b.yml",
    )
    assert {name: getattr(found, name) for name in options} == options
    assert found.name.startswith("train-")
    assert (found.push_name, found.pull_name) == ("localhost:5000/app", "registry/app")
    assert (found.build_args, found.manifest) == ((("A", "1"),), Path("b.yml"))


@pytest.fixture
def layered(project: Project) -> Project:
    """A project whose image has a layer of its own."""
    project.write("Dockerfile", "FROM busybox\nCOPY . .\n")
    project.commit()
    project.push()
    return project


def test_a_build_has_a_cache_beside_its_image(layered: Project) -> None:
    layered.git("switch", "--quiet", "--create", "feature")
    own, main = collect().cache.references("registry/app", "linux/arm64")
    assert re.fullmatch(r"registry/app:cache-feature-[0-9a-f]{8}-arm64", own)
    assert re.fullmatch(r"registry/app:cache-main-[0-9a-f]{8}-arm64", main)
    assert collect(build_cache="none").cache.tags == ()
    assert collect(build_cache="registry=other/caches").cache.repository == "other/caches"


@pytest.mark.usefixtures("layered")
def test_docker_is_told_of_no_other_cache_than_is_named() -> None:
    found = collect(cache_from=("a/b:c",))
    assert (found.cache.tags, found.cache_from, found.cache_to) == ((), ("a/b:c",), ())
    assert collect(cache_to=("type=inline",)).cache.tags == ()


def test_the_gate_is_shut_for_changes(project: Project) -> None:
    project.write("main.py", "changed")
    with raises_code(ErrorCode.COMMIT_NOT_AVAILABLE, GateError) as refused:
        collect()
    assert ": main.py\n" in refused.value.last_words


@pytest.mark.parametrize("change", ["changed", "untracked", "not pushed", "no remote"])
def test_what_is_dirty_is_marked_so_and_always_built(project: Project, change: str) -> None:
    if change == "no remote":
        project.git("remote", "remove", "origin")
    else:
        project.write("new.py" if change == "untracked" else "main.py", "changed")
    if change == "not pushed":
        project.commit()
    found = collect(allow_dirty=True)
    assert found.source.dirty
    assert found.rebuild
    assert found.tag == f"{project.head()}-dirty-{found.name[-5:]}"


def test_a_clean_commit_is_clean_even_if_dirt_is_allowed(project: Project) -> None:
    found = collect(allow_dirty=True)
    assert (found.source.dirty, found.rebuild, found.tag) == (False, False, project.head())


def test_the_cluster_is_lent_what_is_dirty(project: Project) -> None:
    url = "https://git.example/team/app.git"
    assert collect(build="remote", git_url=url, allow_dirty=True).via_remote == ""
    project.write("main.py", "changed")
    project.write("ne\nw.py")
    found = collect(build="remote", git_url=url, allow_dirty=True)
    assert found.via_remote == "origin"
    assert found.source.changes.splitlines() == [
        " main.py | 2 +-",
        " 1 file changed, 1 insertion(+), 1 deletion(-)",
        " 'ne\\nw.py' (not in git)",
    ]
    assert collect(allow_dirty=True).via_remote == ""


def test_an_image_repository_is_needed(project: Project) -> None:
    with raises_code(ErrorCode.NO_IMAGE_REPOSITORY, UsageError) as refused:
        collect(image_repository=None)
    assert refused.value.message == "no image repository is given"


def test_the_tag_tells_builds_apart(project: Project) -> None:
    project.write("other/Dockerfile", "FROM x\n")
    project.commit()
    project.push()
    different: list[dict[str, Any]] = [
        {},
        {"target": "test"},
        {"platform": "linux/arm64"},
        {"dockerfile": "other/Dockerfile"},
        {"build_context": "other"},
        {"build_arg": (("A", "1"),)},
        {"build_arg": (("A", "2"),)},
        {"build_arg": (("A", "1"), ("B", "2"))},
    ]
    tags = [collect(**options).tag for options in different]
    assert tags[0] == project.head()
    assert all(re.fullmatch(f"{project.head()}-[0-9a-f]{{8}}", tag) for tag in tags[1:])
    assert len(set(tags)) == len(tags)
    assert tags == [collect(**options).tag for options in different]


def test_credentials_of_the_remote_are_nowhere(project: Project) -> None:
    project.git("remote", "set-url", "origin", "https://me:s3cret@git.example/team/app.git")
    found = collect(build="remote")
    assert found.fetch_url == "https://git.example/team/app.git"
    assert found.source.remote == "https://git.example/team/app.git"
    assert found.name.startswith("app-")
    assert not any("s3cret" in str(getattr(found, field.name)) for field in fields(found))


def test_the_cluster_must_reach_the_remote(project: Project) -> None:
    with raises_code(ErrorCode.GIT_URL_NOT_FOR_CLUSTER, UsageError) as refused:
        collect(build="remote")
    assert refused.value.message.startswith("the cluster cannot fetch from /")
    assert "--git-url" in refused.value.remedy
    found = collect(build="remote", git_url="https://me:s3cret@git.example/app")
    assert found.fetch_url == "https://git.example/app"
    assert collect(build="local").fetch_url.startswith("/")


def test_a_run_of_what_was_built() -> None:
    build = build_parameters()
    image = Image(name="registry.example/app", digest="sha256:00")
    options = Options(
        workers=2,
        gpus=1,
        cpu="1",
        memory="1Gi",
        timeout=9,
        ttl=0,
        manifest="job.yml",
        env=(("A", "1"), ("KUBECTL_SUBMIT_BRANCH", "mine")),
        secret=(SecretMount(name="s", path="/s"),),
        registry_secret="registry",
        service_account="robot",
    )
    found = collect_execution_parameters(options, ("true", "x"), build, image, LIMIT)
    assert (found.name, found.source, found.image) == (build.name, build.source, image)
    assert (found.argv, found.options) == (("true", "x"), options)
    assert (found.manifest, found.registry_secret) == (Path("job.yml"), "registry")
    environment = found.environment()
    assert environment["A"] == "1"
    assert environment["KUBECTL_SUBMIT_COMMIT"] == build.source.commit
    assert environment["KUBECTL_SUBMIT_BRANCH"] == "mine"


def test_a_run_without_a_build_is_named_after_the_image() -> None:
    image = Image(name="host:5000/team/My.App", digest="")
    found = collect_execution_parameters(Options(), ("true",), None, image, LIMIT)
    assert re.fullmatch(r"my-app-.....", found.name)
    assert found.source == Source(created_by="ada@example.com")


def test_without_an_email_it_is_the_login(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert collect().source.created_by == getpass.getuser()
    monkeypatch.setenv("LOGNAME", "eve")
    assert collect().source.created_by == "eve"


def test_an_entrypoint_is_kept_by_a_job_alone() -> None:
    image, options = Image(name="app", digest=""), Options(keep_entrypoint=True)
    found = collect_execution_parameters(options, ("true",), None, image, LIMIT)
    assert found.options.keep_entrypoint
    on_ray = Options(keep_entrypoint=True, execution="ray")
    with raises_code(ErrorCode.OPTION_NOT_FOR_EXECUTION, UsageError) as refused:
        execution_backends.named("ray").collect(on_ray)
    assert refused.value.message == "--keep-entrypoint is not for --execution ray"


OCI = "org.opencontainers.image."


def test_labels_of_the_image(project: Project) -> None:
    account = "https://ada:secret@git.example/team/app.git"
    project.git("remote", "set-url", "origin", account)
    commit = project.head()
    source = (f"{OCI}source", "https://git.example/team/app.git")
    title = (f"{OCI}title", "app")
    assert collect().labels == ((f"{OCI}revision", commit), source, title)
    project.write("new.py")
    dirty = collect(allow_dirty=True).labels
    assert dirty == ((f"{OCI}revision", f"{commit}-dirty"), source, title)


def test_a_label_that_the_dockerfile_sets_stays(project: Project) -> None:
    project.write("Dockerfile", f"FROM busybox\nLABEL {OCI}source=https://git.example/mine\n")
    found = dict(collect(allow_dirty=True).labels)
    assert sorted(found) == [f"{OCI}revision", f"{OCI}title"]
