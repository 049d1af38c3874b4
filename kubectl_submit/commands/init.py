"""Runs `init`; its options are declared in cli/options/subcommands/init.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kubectl_submit import execution_backends
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.configuration import FILE_NAME
from kubectl_submit.cli.options.declaration import (
    KUBECTL_GROUP,
    GroupedOption,
    declared,
)
from kubectl_submit.cli.options.subcommands.init import FOLDER, InitOptions
from kubectl_submit.commands import starter_files
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ConfigurationError
from kubectl_submit.manifests import files
from kubectl_submit.output import Output

HEAD = """\
# Defaults of `kubectl submit` in this repository. Flags win over the environment (KUBECTL_SUBMIT_…,
# see the manual), and the environment wins over this file. Remove the # before
# what you need.
"""
# kubectl's options that make sense for a whole project.
KUBECTL = ("namespace", "context")


def run(options: InitOptions, words: tuple[str, ...], output: Output) -> int:
    """Write the files and return 0. Raises ConfigurationError if one already exists."""
    del words
    root = _root(Path.cwd())
    texts = {root / FILE_NAME: ""}
    if options.manifests:
        texts |= {root / FOLDER / name: files.read(None, name)[0] for name in _manifests()}
    if options.dockerfile:
        texts |= _dockerfile(root)
    there = [str(path.relative_to(root)) for path in texts if path.exists()]
    if there:
        raise ConfigurationError(
            f"{', '.join(there)} already exists",
            code=ErrorCode.FILE_ALREADY_EXISTS,
            remedy="Nothing was written.",
        )
    if not options.dockerfile and starter_files.offered(root):
        texts |= _offer_dockerfile(root, output)
    texts[root / FILE_NAME] = configuration(_image_repository(), manifests=options.manifests)
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        output.status(f"written: {path.relative_to(root)}")
    if root / starter_files.DOCKERFILE in texts:
        output.status("Commit the files, and submit; or submit them as they are: --allow-dirty.")
    return 0


def _dockerfile(root: Path) -> dict[Path, str]:
    kind, _ = starter_files.kind(root)
    if not kind:
        raise ConfigurationError(
            "there is nothing that a Dockerfile could be written for",
            code=ErrorCode.NO_DOCKERFILE_TO_OFFER,
            remedy=f"{root} has none of {', '.join(name for name, _ in starter_files.KINDS)}, "
            "and no Python program.",
        )
    return starter_files.texts(root, kind)


def _offer_dockerfile(root: Path, output: Output) -> dict[Path, str]:
    kind, because = starter_files.kind(root)
    if not _asks():
        output.status("There is no Dockerfile. Write one: kubectl submit init --dockerfile")
        return {}
    question = f"There is no Dockerfile. Write one for {kind}, as there is {because}?"
    return starter_files.texts(root, kind) if click.confirm(question, True, err=True) else {}


def configuration(image_repository: str, *, manifests: bool) -> str:
    """The text of the configuration file."""
    known = {"image-repository": image_repository}
    if manifests:
        known |= {"build-manifest": f"{FOLDER}/build-remote.yml", "manifest": f"{FOLDER}/job.yml"}
    return HEAD + "".join(_sections(known))


def _sections(known: dict[str, str]) -> Iterator[str]:
    group = ""
    for one in declared(Options):
        if not one.configurable or (one.group == KUBECTL_GROUP and one.key not in KUBECTL):
            continue
        if one.group != group:
            group = one.group
            yield f"\n# {group}\n"
        value = known.get(one.key)
        yield f"# {one.help}\n"
        yield f"{one.key}: {value}\n" if value else f"#{one.key}: {_example(one)}\n"


def _example(one: GroupedOption) -> str:
    if one.multiple:
        return "[]"
    if one.is_flag:
        return "false"
    default: Any = one.default
    return str(default) if isinstance(default, str | int) else ""


def _manifests() -> list[str]:
    """The manifests of builds and of each kind of execution."""
    return ["build-remote.yml", *(one.manifest for one in execution_backends.every())]


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _image_repository() -> str:
    if not _asks():
        return ""
    question = "Image repository to push to (registry.example/you/app; empty: later)"
    answer: str = click.prompt(question, default="", show_default=False, err=True)
    return answer.strip()


def _root(folder: Path) -> Path:
    """The root of the repository around a folder, or the folder itself."""
    around = (one for one in (folder, *folder.parents) if os.path.lexists(one / ".git"))
    return next(around, folder)
