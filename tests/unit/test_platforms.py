"""For which platform a local build is."""

from __future__ import annotations

import json
import platform

import pytest

from kubectl_submit.build_backends import platforms
from kubectl_submit.cluster.kubectl import Kubectl

from .programs import Answer, Program


@pytest.mark.parametrize(
    ("machine", "name"),
    [("x86_64", "linux/amd64"), ("aarch64", "linux/arm64"), ("arm64", "linux/arm64")],
)
def test_what_docker_calls_this_machine(
    monkeypatch: pytest.MonkeyPatch, machine: str, name: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert platforms.here() == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("linux/arm64", "linux/arm64"),
        ("linux/arm64/v8,linux/amd64", "linux/arm64"),
        ("Linux/x86_64", "linux/amd64"),
        ("arm64", "linux/arm64"),
        ("", "linux/s390x"),
    ],
)
def test_what_docker_is_told_to_build_for_otherwise(
    monkeypatch: pytest.MonkeyPatch, said: str, name: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", said)
    assert platforms.here() == name


def nodes(*architectures: str) -> Answer:
    labels = [{"kubernetes.io/arch": one} if one else None for one in architectures]
    return Answer(json.dumps({"items": [{"metadata": {"labels": one}} for one in labels]}))


@pytest.mark.parametrize(
    ("same", "any_of_them", "wanted"),
    [
        (nodes("amd64"), nodes("arm64"), "linux/amd64"),
        (nodes(), nodes("arm64"), "linux/arm64"),
        (nodes(), nodes(), ""),
        (nodes(), nodes(""), ""),
        (Answer(stderr="(Forbidden): no", exit_code=1), nodes("arm64"), ""),
    ],
)
def test_the_platform_of_the_nodes(
    kubectl: Program,
    monkeypatch: pytest.MonkeyPatch,
    same: Answer,
    any_of_them: Answer,
    wanted: str,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    kubectl.on("nodes?", any_of_them)
    kubectl.on("nodes?", "arch%3Damd64", same)
    assert platforms.start_platform_check(Kubectl(), None).result() == wanted


def test_who_says_a_platform_gets_it(kubectl: Program) -> None:
    assert platforms.start_platform_check(Kubectl(), "linux/s390x").result() == "linux/s390x"
    assert kubectl.all_calls == []


@pytest.mark.parametrize(
    ("have", "wanted", "fits"),
    [
        ((), "linux/amd64", True),
        (("linux/amd64",), "", True),
        (("linux/amd64",), "linux/amd64", True),
        (("linux/arm64",), "linux/amd64", False),
        (("linux/arm64/v8",), "linux/arm64", True),
        (("linux/arm64", "linux/amd64"), "linux/amd64,linux/arm64", True),
        (("linux/amd64",), "linux/amd64, linux/arm64", False),
    ],
)
def test_which_image_fits(have: tuple[str, ...], wanted: str, fits: bool) -> None:
    assert platforms.fits(have, wanted) is fits
