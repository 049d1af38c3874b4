"""The images that a Dockerfile names: those it begins with, copies from, or is read by.

Its grammar is that of BuildKit's frontend/dockerfile/parser, as far as these need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)")
WORD = r"(?:[^{}]|\$\{[^{}]*\})*"  # may hold variables
VARIABLE = re.compile(rf"\$(?:(\w+)|\{{(\w+)(?::?([-+])({WORD}))?\}})")
HEREDOC = re.compile(r"(?<![^\s\d])<<(-?)([\"']?)([^\s<\"']+)\2(?=\s|$)")
WITH_HEREDOCS = ("RUN", "COPY", "ADD")
NO_IMAGE = "scratch"


def images(text: str, build_args: Sequence[tuple[str, str]]) -> list[str]:
    """The images in a Dockerfile's text, each once."""
    return list(dict.fromkeys(_named(text, dict(build_args))))


def _named(text: str, build_args: dict[str, str]) -> Iterator[str]:
    """The images in a Dockerfile's text, with the values of the ARGs before the first FROM."""
    directives = dict(_directives(text))
    if "syntax" in directives:
        yield directives["syntax"]
    values: dict[str, str] = {}
    stages = {NO_IMAGE}
    begun = False
    for word, rest in _instructions(text, directives.get("escape", "\\")):
        if word == "ARG" and not begun:
            for name, default in _arguments(rest):
                values[name] = build_args.get(name, _expanded(default, values))
        for image in _of_instruction(word, rest):
            name = _expanded(image, values)
            if name and "$" not in name and name.lower() not in stages and not name.isdigit():
                yield name
        if word == "FROM":
            begun = True
            stages.update(re.findall(r"\bas\s+(\S+)$", rest.lower()))


def _directives(text: str) -> Iterator[tuple[str, str]]:
    """The comments at the top that say how to read the rest."""
    for line in text.splitlines():
        found = DIRECTIVE.match(line.strip())
        if not found:
            return
        yield found[1].lower(), found[2]


def _instructions(text: str, escape: str) -> Iterator[tuple[str, str]]:
    """Each instruction in capitals with its arguments on one line, without heredocs."""
    continued = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*$")
    lines = iter(text.splitlines())
    joined = ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        joined += continued.sub(" ", line)
        if continued.search(line):
            continue
        word, _, rest = re.sub(r"\s+", " ", joined.strip(), count=1).partition(" ")
        joined = ""
        for dash, _, name in HEREDOC.findall(rest) if word.upper() in WITH_HEREDOCS else ():
            next((one for one in lines if (one.lstrip("\t") if dash else one) == name), None)
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
        known = values.get(found[1] or found[2], "")
        if found[3] == "+":
            return _expanded(found[4], values) if known else ""
        return known or _expanded(found[4] or "", values)

    return VARIABLE.sub(value, text.strip("\"'"))
