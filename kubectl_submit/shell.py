"""Quotes arguments for copying into bash, zsh or sh, byte for byte. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

# Special to `printf %b`; and bash expands ! in double quotes.
SPECIAL = "\\'!"


def join(argv: Sequence[str]) -> str:
    """The arguments on one line, except for newlines at the end of an argument."""
    return " ".join(quote(word, first=not index) for index, word in enumerate(argv))


def quote(text: str, *, first: bool = False) -> str:
    """One argument; `first`: it is the command, where `A=1` would be an assignment."""
    if not text.isprintable():
        # $'…' would be shorter, but sh does not know it.
        rest = text.rstrip("\n")
        return f"\"$(printf %b '{_escaped(rest)}')" + text[len(rest) :] + '"'
    if text.startswith("=") or (first and "=" in text):  # zsh expands =name
        return "'" + text.replace("'", "'\"'\"'") + "'"
    return shlex.quote(text)


def _escaped(text: str) -> str:
    """The text for `printf %b`, in single quotes."""
    return "".join(_character(one) for one in text)


def _character(one: str) -> str:
    if one == "\n":
        return "\\n"
    if one.isprintable() and one not in SPECIAL:
        return one
    return "".join(f"\\0{byte:03o}" for byte in one.encode())
