"""Writes the programs in manifests/ into the manifests that run them: `python -m scripts.embed`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

MANIFESTS = Path(__file__).parents[1] / "manifests"


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A program, and where it stands in a manifest: between two texts, as YAML's block of lines."""

    program: Path
    manifest: Path
    begin: str
    end: str
    """Empty: to the end of the manifest."""

    def text(self) -> str:
        """The program without what stands before its first empty line, for readers of its file."""
        return self.program.read_text(encoding="utf-8").partition("\n\n")[2]

    def written(self) -> str:
        """The manifest as it is, with the program as it is now."""
        head, _, rest = self.manifest.read_text(encoding="utf-8").partition(self.begin)
        tail = rest[rest.index(self.end) :] if self.end else ""
        inside = self.begin[: len(self.begin) - len(self.begin.lstrip())] + "  "
        return head + self.begin + textwrap.indent(self.text(), inside) + tail


BUILD = Embedded(
    program=MANIFESTS / "build-remote.sh",
    manifest=MANIFESTS / "build-remote.yml",
    begin="        - |\n",
    end="        - build   ",
)
SUBMITTER = Embedded(
    program=MANIFESTS / "ray_submitter.py",
    manifest=MANIFESTS / "ray-job.yml",
    begin="        - |\n",
    end="",
)


def main() -> None:
    """Write both."""
    for one in (BUILD, SUBMITTER):
        one.manifest.write_text(one.written(), encoding="utf-8")


if __name__ == "__main__":
    main()
