"""What stands in README and docs/ is so: options, commands, files, links."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import Options, configuration
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.cli.options.subcommands import COMMANDS
from scripts import options_page
from tests import documentation
from tests.documentation import PAGES, README, ROOT, Block

HOME = "https://github.com/kubectl-submit/kubectl-submit/"
YAML = [block for page in PAGES for block in documentation.blocks(page, "yaml")]
PIPELINES = ("# .github/workflows/", "# .gitlab-ci.yml")


def test_the_page_of_options_is_as_they_are_declared() -> None:
    written = options_page.PAGE.read_text(encoding="utf-8")
    assert written == options_page.page(), "run `make docs`"


def test_the_page_has_every_option_and_command() -> None:
    page = options_page.page()
    for option in declared(Options):
        assert f"### `{option.opts[0]}`\n" in page
        assert f" · key: `{option.key}` · variable: `{option.envvar}`" in page
    assert all(f"### {word}\n" in page for word in COMMANDS)


def test_defaults_are_told_of_options_that_there_are() -> None:
    unset = {option.key for option in declared(Options) if not isinstance(option.default, str)}
    assert {*options_page.UNSET, *options_page.FROM_MANIFEST} <= unset


def test_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_can_be_typed(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WANDB_API_KEY", "NPM_TOKEN"):
        monkeypatch.setenv(variable, "x")
    shown = [block.text for block in documentation.blocks(page, "sh", "console")]
    shown += [_script(block) for block in YAML if block.page == page]
    typed = [line for text in shown for line in documentation.commands(text)]
    for line in [*typed, *documentation.inline_commands(page)]:
        parsed(line)


def parsed(line: str) -> command_line.Call:
    """What a command line asks for; raises where an option or a value is wrong."""
    return command_line.parse(command_line.read(shlex.split(line)[2:]))


def _script(block: Block) -> str:
    """What a file for a CI system runs."""
    return block.text.replace("\n  - kubectl", "\nkubectl") if _is_pipeline(block) else ""


def _is_pipeline(block: Block) -> bool:
    return block.text.startswith(PIPELINES)


def test_there_are_command_lines_of_every_command() -> None:
    lines = [
        line
        for page in PAGES
        if page != options_page.PAGE
        for block in documentation.blocks(page, "sh", "console")
        for line in documentation.commands(block.text)
    ]
    assert len(lines) > 30
    words = {command_line.read(shlex.split(line)[2:]).command for line in lines}
    assert words >= {"", "list", "status", "logs", "wait", "cancel", "doctor", "completion"}


@pytest.mark.parametrize("block", YAML, ids=str)
def test_every_yaml_file_is_as_it_is_read(block: Block, tmp_path: Path) -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(block.text))
    assert documents
    if _is_pipeline(block):
        assert list(documentation.commands(_script(block)))
    elif "apiVersion" in documents[0]:
        assert all(one["metadata"]["name"] for one in documents)
    else:
        path = tmp_path / configuration.FILE_NAME
        path.write_text(block.text, encoding="utf-8")
        values = configuration.load(str(path), declared(Options))
        assert values.keys() == {key.replace("-", "_") for key in documents[0]}


def test_the_jobs_are_the_default_with_more_in_it() -> None:
    default = yaml.safe_load((ROOT / "manifests" / "job.yml").read_text(encoding="utf-8"))
    jobs = [one for block in YAML for one in yaml.safe_load_all(block.text)]
    jobs = [one for one in jobs if one.get("kind") == "Job"]
    assert jobs
    for job in jobs:
        assert _within(default, job)


def _within(small: Any, large: Any) -> bool:
    if isinstance(small, dict):
        return all(key in large and _within(small[key], large[key]) for key in small)
    if isinstance(small, list):
        return all(_within(one, other) for one, other in zip(small, large, strict=True))
    return bool(small == large)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", documentation.prose(page)):
        if target.startswith(HOME):
            path = re.sub(r"^(blob|tree)/main/", "", target.removeprefix(HOME))
            assert path == "releases" or (ROOT / path).exists(), target
        elif not target.startswith("https://"):
            name, _, anchor = target.partition("#")
            other = page.parent / name if name else page
            assert other.exists(), target
            assert not anchor or anchor in anchors(other), target


def anchors(page: Path) -> set[str]:
    """What can stand behind # in a link to a page."""
    headings = re.findall(r"^#+ (.*)$", documentation.prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_no_sentence_stands_twice() -> None:
    told = Counter(
        sentence
        for page in PAGES
        if page != options_page.PAGE
        for sentence in sentences(documentation.prose(page))
    )
    assert [sentence for sentence, times in told.items() if times > 1] == []


def sentences(text: str) -> list[str]:
    """The sentences of a page that are longer than a name."""
    plain = re.sub(r"\]\([^)]*\)", "]", re.sub(r"\s+", " ", text))
    found = re.split(r"(?<=[.:;]) | \| ", plain)
    return [one for one in found if len(one.split()) >= 6]
