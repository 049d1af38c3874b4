"""`make release VERSION=1.2.3`: changelog, version, distribution, our krew index, commit and tag.

Nothing leaves this machine without `--push`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

VERSION_FILE = Path("kubectl_submit/__init__.py")
CHANGELOG = Path("CHANGELOG.md")
INDEX = Path("plugins/submit.yaml")
UNRELEASED = "## Unreleased\n"


def main() -> None:
    """Make a release of what is committed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("version")
    parser.add_argument("--push", action="store_true")
    given = parser.parse_args()
    check(given.version)
    CHANGELOG.write_text(with_heading(CHANGELOG.read_text("utf-8"), given.version), "utf-8")
    VERSION_FILE.write_text(with_version(VERSION_FILE.read_text("utf-8"), given.version), "utf-8")
    subprocess.run([sys.executable, "-m", "scripts.shipping"], check=True)
    INDEX.write_bytes(Path("dist/submit.yaml").read_bytes())
    tag = f"v{given.version}"
    git("commit", "--quiet", "--all", "--message", f"Release {given.version}")
    git("tag", "--annotate", tag, "--message", f"Release {given.version}")
    if given.push:
        git("push", "--atomic", "origin", "HEAD", tag)
    else:
        print(f"{tag} is tagged. To publish it: git push --atomic origin HEAD {tag}")


def check(version: str) -> None:
    """End where no release can be made."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"error: {version!r} is no version such as 1.2.3")
    if git("status", "--porcelain"):
        sys.exit("error: there are changes that are not committed")
    if git("tag", "--list", f"v{version}"):
        sys.exit(f"error: v{version} is tagged already")


def with_heading(changelog: str, version: str) -> str:
    """The changelog, with what is unreleased under the version and today's date."""
    before, found, after = changelog.partition(UNRELEASED)
    if not found or after.lstrip().startswith("## ") or not after.strip():
        sys.exit("error: the changelog has nothing under Unreleased")
    return f"{before}{UNRELEASED}\n## {version} ({date.today()})\n{after}"


def with_version(module: str, version: str) -> str:
    """The module with another version in it."""
    return re.sub(r'(?m)^(__version__ = )".*"$', rf'\1"{version}"', module)


def git(*arguments: str) -> str:
    """Run git; what it prints."""
    done = subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
