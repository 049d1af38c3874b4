"""The images that a Dockerfile names."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.parameters import base_images, build_paths

CASES = {
    "FROM busybox": ["busybox"],
    "# a comment\nfrom --platform=$BUILDPLATFORM a.example/x:1 as base\nFROM base": [
        "a.example/x:1"
    ],
    "FROM scratch\nCOPY --from=b.example/y --chown=1 /a /b": ["b.example/y"],
    "FROM a AS one\nFROM b AS Two\nCOPY --from=one / /\nCOPY --from=two / /\nCOPY --from=0 / /": [
        "a",
        "b",
    ],
    "ARG TAG=1\nARG BASE=c.example/z:$TAG other\nFROM ${BASE}": ["c.example/z:1"],
    "ARG NAME\nFROM d.example/${NAME:-plain}": ["d.example/plain"],
    "ARG NAME=x\nFROM d.example/$NAME\nARG NAME=y\nFROM d.example/$NAME": ["d.example/x"],
    "# syntax=e.example/dockerfile:1\nFROM a": ["e.example/dockerfile:1", "a"],
    "FROM a\nRUN --mount=type=bind,from=f.example/g,target=/g \\\n  true": ["a", "f.example/g"],
    "FROM \\\n  a": ["a"],
    "FROM $UNKNOWN": [],
    "FROM": [],
    "RUN echo FROM a": [],
    "FROM a\nRUN v=`cat version`\nFROM b": ["a", "b"],
    "# escape=`\n# syntax=s.example/x\nFROM a\nRUN one `\n  two\nFROM `\n  b": [
        "s.example/x",
        "a",
        "b",
    ],
    "\ufeff# syntax=s.example/x\nFROM a": ["s.example/x", "a"],
    "FROM\ta AS\tone\nFROM  b\nCOPY --from=one / /": ["a", "b"],
    "FROM a\nRUN <<EOF python3\nfrom torch import nn\nEOF\nFROM b": ["a", "b"],
    "FROM a\nRUN <<-'ONE' 3<<\"TWO\" cat\nFROM x\n\tONE\nFROM y\nTWO\nFROM b": ["a", "b"],
    "FROM a\nRUN cat <<< EOF\nFROM b": ["a", "b"],
    "FROM a\nCOPY <<x /y\nFROM z\n": ["a"],
    "ARG R=r.example\nFROM ${R:+${R}/}python:3.10": ["r.example/python:3.10"],
    "ARG R\nFROM ${R:+${R}/}python:3.10": ["python:3.10"],
    "ARG T=1\nFROM a:${U:-${T}}": ["a:1"],
    "FROM a${B#x}": [],
    "FROM a\nRUN echo \\\\\nFROM b": ["a", "b"],
}


@pytest.mark.parametrize(("text", "images"), CASES.items())
def test_what_a_dockerfile_names(tmp_path: Path, text: str, images: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text(f"{text}\n")
    assert base_images.images(build_paths.read(tmp_path / "Dockerfile"), []) == images


def test_a_build_argument_goes_before_its_default(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("ARG BASE=a\nFROM $BASE\n")
    text, given = build_paths.read(tmp_path / "Dockerfile"), [("BASE", "b"), ("OTHER", "c")]
    assert base_images.images(text, given) == ["b"]


def test_one_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert base_images.images(build_paths.read(tmp_path / "Dockerfile"), []) == []
