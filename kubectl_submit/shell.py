"""Arguments as they can be copied into a shell: bash, zsh and sh read them byte for byte. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

# `printf %b` takes these for something else; bash replaces ! in double quotes.
SPECIAL = "\\'!"


def join(argv: Sequence[str]) -> str:
    """The arguments in one line, but for line ends at the very end of one."""
    return " ".join(quote(word, first=not index) for index, word in enumerate(argv))


def quote(text: str, *, first: bool = False) -> str:
    """One argument; `first`: where a shell would take `A=1` for an assignment."""
    if not text.isprintable():
        # $'…' would be shorter, but sh does not know it.
        rest = text.rstrip("\n")
        return f"\"$(printf %b '{_escaped(rest)}')" + text[len(rest) :] + '"'
    if text.startswith("=") or (first and "=" in text):  # zsh replaces =name
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
