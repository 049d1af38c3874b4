"""The images that a Dockerfile names: those it begins with, copies from, or is read by.

Its grammar is that of BuildKit's frontend/dockerfile/parser, as far as these need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
NO_IMAGE = "scratch"


def read(dockerfile: Path, build_args: Sequence[tuple[str, str]]) -> list[str]:
    """The images that a Dockerfile names, each once; of one that cannot be read, none."""
    try:
        text = dockerfile.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return list(dict.fromkeys(named(text, dict(build_args))))


def named(text: str, build_args: dict[str, str]) -> Iterator[str]:
    """The images in a Dockerfile's text, with the values of the ARGs before the first FROM."""
    syntax = SYNTAX.match(text)
    if syntax:
        yield syntax[1]
    values: dict[str, str] = {}
    stages = {NO_IMAGE}
    begun = False
    for word, rest in _instructions(text):
        if word == "ARG" and not begun:
            for name, default in _arguments(rest):
                values[name] = build_args.get(name, _expanded(default, values))
        for image in _of_instruction(word, rest):
            name = _expanded(image, values)
            if name and name.lower() not in stages and not name.isdigit():
                yield name
        if word == "FROM":
            begun = True
            stages.update(re.findall(r"\bas\s+(\S+)$", rest.lower()))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction in capitals, and what stands behind it, on one line."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"[\\`][ \t]*\n", " ", "\n".join(lines))
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), rest.strip()


def _of_instruction(word: str, rest: str) -> Iterable[str]:
    if word == "FROM":
        return [one for one in rest.split() if not one.startswith("--")][:1]
    if word in ("COPY", "ADD"):
        return re.findall(r"--from=(\S+)", rest)
    return re.findall(r"--mount=\S*\bfrom=([^,\s]+)", rest) if word == "RUN" else []


def _arguments(rest: str) -> Iterator[tuple[str, str]]:
    for one in rest.split():
        name, _, default = one.partition("=")
        yield name, default


def _expanded(text: str, values: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return values.get(found[1] or found[2], "") or found[3] or ""

    return VARIABLE.sub(value, text.strip("\"'"))
