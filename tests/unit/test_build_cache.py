"""Where the layers of builds are cached, and how docker is told of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubectl_submit.build_backends import docker as calls
from kubectl_submit.build_backends import local_cache
from kubectl_submit.build_backends.build_lines import BuildLines
from kubectl_submit.cli.options import values
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import BuildError
from kubectl_submit.output import Output
from kubectl_submit.parameters import build_cache
from kubectl_submit.parameters.build_cache import BuildCache

from .examples import build_parameters, inspected
from .programs import Answer, Program

STEPS = "FROM busybox\n  copy . .\n"
IMAGE = "registry.example/app"
CAN = Answer(
    "Name: build\nDriver: docker\nFeatures:\n  Cache export:   true\n  OCI exporter: true\n"
)
CANNOT = Answer("Name: default\nDriver: docker\nFeatures:\n  Cache export:   false\n")


def plan(
    choice: str = "registry",
    recipe: tuple[object, ...] = ("Dockerfile", ".", None),
    branch: str = "main",
    default: str = "main",
    dockerfile: str = STEPS,
) -> BuildCache:
    return build_cache.plan(choice, recipe, branch, default, dockerfile)


def test_a_branch_reads_its_own_cache_and_that_of_the_default_branch() -> None:
    [main] = plan().tags
    [own, other] = plan(branch="feature/X y").tags
    assert re.fullmatch(r"cache-main-[0-9a-f]{8}", main)
    assert re.fullmatch(r"cache-feature-X-y-[0-9a-f]{8}", own)
    assert other == main
    assert plan(branch="feature-X-y").tags[0] != own  # which only looks the same
    assert plan(branch="other", default="").tags == plan(branch="other", default="other").tags


def test_a_detached_head_has_a_cache_too() -> None:
    own, other = plan(branch="").tags
    assert re.fullmatch(r"cache-[0-9a-f]{8}", own)
    assert [other] == list(plan().tags)


def test_each_recipe_and_platform_has_a_cache_of_its_own() -> None:
    recipes: list[tuple[object, ...]] = [("Dockerfile", ".", None), ("Other", ".", None)]
    recipes += [("Dockerfile", "a", None), ("Dockerfile", ".", "test")]
    tags = {plan(recipe=one).tags for one in recipes}
    assert len(tags) == len(recipes)
    [tag] = plan().tags
    told = {
        platform: plan().references(IMAGE, platform)[0]
        for platform in (
            "",
            "linux/amd64",
            "linux/arm64/v8",
            "linux/amd64,linux/arm64",
            "windows/amd64",
        )
    }
    assert told == {
        "": f"{IMAGE}:{tag}",
        "linux/amd64": f"{IMAGE}:{tag}-amd64",
        "linux/arm64/v8": f"{IMAGE}:{tag}-arm64-v8",
        "linux/amd64,linux/arm64": f"{IMAGE}:{tag}-amd64-arm64",
        "windows/amd64": f"{IMAGE}:{tag}-windows-amd64",
    }


def test_a_long_branch_fits_into_a_tag() -> None:
    [tag, _] = plan(branch="-" + "ä.b/" * 100).tags
    assert re.fullmatch(r"\w[\w.-]{0,127}", tag, re.ASCII)


def test_another_repository() -> None:
    [reference] = plan("registry=other:5000/caches").references(IMAGE, "linux/arm64")
    assert reference.startswith("other:5000/caches:cache-main-")


@pytest.mark.parametrize(
    "planned", [plan("none"), plan(dockerfile='FROM busybox\nENV COPY=1\nENTRYPOINT ["RUN"]\n')]
)
def test_nothing_is_cached(planned: BuildCache) -> None:
    assert planned.references(IMAGE, "linux/amd64") == []


@pytest.mark.parametrize("text", ["none", "registry", "registry=host:5000/team/caches"])
def test_values_of_build_cache(text: str) -> None:
    assert values.build_cache(text) == text


@pytest.mark.parametrize("text", ["", "inline", "registry=", "registry=app:tag", "none=x", "app"])
def test_what_is_no_build_cache(text: str) -> None:
    with pytest.raises(ValueError, match="write none, registry or registry=REPOSITORY"):
        values.build_cache(text)


@pytest.mark.parametrize(
    "text", ["user/app:cache", "type=registry,ref=host/app:cache", "type=s3,bucket=b,name=token"]
)
def test_values_of_docker(text: str) -> None:
    assert values.docker_cache(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "type=s3,bucket=b,secret_access_key=x",
        "type=s3,ACCESS_KEY_ID=x",
        'type=azblob,"secret_access_key=a,b"',
        "type=gha,token=x",
    ],
)
def test_credentials_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="would be seen by others"):
        values.docker_cache(text)


@pytest.mark.parametrize(
    ("answer", "can"),
    [
        (CAN, True),
        (CANNOT, False),
        (Answer("Name: default\nDriver: docker\n"), False),
        (Answer("Name: mine\nDriver: docker-container\n"), True),
        (Answer(exit_code=1), False),
    ],
)
def test_whether_a_builder_can_write_a_cache(docker: Program, answer: Answer, can: bool) -> None:
    docker.on("--debug", "buildx", "inspect", answer)
    assert calls.start_asking_for_cache_export().result() == can


def caches(docker: Program, exports: Answer, *there: str, **changes: Any) -> list[str]:
    docker.on("--debug", "buildx", "inspect", exports)
    docker.on("imagetools", Answer(stderr="ERROR: x: not found", exit_code=1))
    for one in there:
        docker.on("imagetools", one, Answer(inspected("sha256:" + "5d" * 32)))
    cache = BuildCache(tags=("cache-own", "cache-main"))
    parameters = build_parameters(**{"cache": cache, "platform": "linux/arm64", **changes})
    return local_cache.start_finding(parameters, "").result().flags


def test_a_cache_is_read_where_it_is_there_and_always_written(docker: Program) -> None:
    own, main = (f"localhost:5000/app:cache-{one}-arm64" for one in ("own", "main"))
    written = (
        f"--cache-to=type=registry,ref={own},mode=max,image-manifest=true,oci-mediatypes=true,"
        "ignore-error=true"
    )
    assert caches(docker, CAN) == [written]
    assert caches(docker, CAN, main) == [f"--cache-from=type=registry,ref={main}", written]


def test_a_failure_with_a_cache_says_what_to_do_if_that_is_the_reason() -> None:
    failure = BuildError(
        "the image build failed",
        remedy="Its last lines are above.",
        code=ErrorCode.BUILD_FAILED,
    )
    with pytest.raises(BuildError), local_cache.LocalCaches(written="a").explaining_failures():
        raise failure
    assert failure.remedy == "Its last lines are above."
    with pytest.raises(BuildError), local_cache.LocalCaches(read=("a",)).explaining_failures():
        raise failure
    assert "--build-cache none, or delete the tag a." in failure.remedy


def test_where_the_builder_cannot_write_there_is_no_cache(docker: Program) -> None:
    assert caches(docker, CANNOT, "localhost:5000/app:cache-own-arm64") == []


def test_without_a_cache_nobody_is_asked(docker: Program) -> None:
    assert caches(docker, CAN, cache=BuildCache()) == []
    assert docker.all_calls == []


@pytest.mark.parametrize(
    ("metadata", "warned"),
    [
        ('{"cache.manifest": {"digest": "sha256:1"}}', False),
        ('{"containerimage.digest": "sha256:1"}', True),
        ("", True),
    ],
)
def test_a_cache_that_was_not_written_is_told_of(
    metadata: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = local_cache.LocalCaches(written="localhost:5000/app:cache-main")
    cache.warn_if_not_written(metadata, Output())
    local_cache.LocalCaches().warn_if_not_written(metadata, Output())
    said = capsys.readouterr().err
    assert said.count("warning: the build cache localhost:5000/app:cache-main was") == int(warned)
    assert ("--build-cache none" in said) == warned


def test_a_cache_that_is_not_there_yet_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    lines = BuildLines(Output(verbose=True), queue=None)
    begun = b"#4 importing cache manifest from a/b:c\n#4 "
    wrong = b"ERROR: failed to configure registry cache importer: "
    lines.lines(0, begun + wrong + b"a/b:c: not found\n#5 ERROR: x: not found\n")
    lines.lines(0, begun + wrong + b"denied\n")
    assert capfd.readouterr().err.splitlines() == [
        "#4 importing cache manifest from a/b:c",
        "#4 there is none yet",
        "#5 ERROR: x: not found",
        "#4 importing cache manifest from a/b:c",
        "#4 ERROR: failed to configure registry cache importer: denied",
    ]
