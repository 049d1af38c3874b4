"""What the documentation shows: its pages, and the code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
COMMAND = re.compile(r"kubectl submit(?: [^>)].*?)?(?= >|\)$|\)`|$)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code of a page."""

    page: Path
    language: str
    text: str
    section: str
    """The heading of the second level above it."""

    def __str__(self) -> str:
        first = self.text.partition("\n")[0]
        return f"{self.page.name}: {first}"


def blocks(page: Path, *languages: str) -> Iterator[Block]:
    """The blocks of a page in some languages, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if found[1] in languages:
            above = re.findall(r"^## (.*)$", BLOCK.sub("", text[: found.start()]), re.MULTILINE)
            section = above[-1] if above else ""
            yield Block(page=page, language=found[1], text=found[2], section=section)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def commands(shell: str) -> Iterator[str]:
    """Each command line `kubectl submit …` of a script, or of what a terminal shows."""
    for line in re.sub(r"\\\n\s*", "", shell).splitlines():
        if not line.lstrip().startswith("#"):
            yield from COMMAND.findall(line)


def inline_commands(page: Path) -> Iterator[str]:
    """Each command line `kubectl submit …` in a page's sentences and tables that can be typed."""
    for code in CODE.findall(prose(page)):
        if "kubectl submit " in code and not re.search(r"[\[<…]|COMMAND --help", code):
            yield from COMMAND.findall(code)
