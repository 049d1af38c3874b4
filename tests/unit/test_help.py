"""The help."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from kubectl_submit import __version__
from kubectl_submit.cli import command_line, main
from kubectl_submit.cli.help_text import HOME
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.cli.options.subcommands import COMMANDS


@pytest.fixture(autouse=True)
def as_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/kubectl-submit"])


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"kubectl-submit {__version__}\n"


@pytest.fixture
def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    assert main.run(["--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "usage"),
    [("/x/kubectl-submit", "kubectl submit"), ("submit.py", "submit.py")],
)
def test_the_usage_is_what_was_typed(
    program: str,
    usage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    assert main.run(["-h"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: {usage} [OPTIONS] -- COMMAND [ARG...]\n")


def test_the_help_has_every_option_in_its_group(help_text: str) -> None:
    for option in declared(Options):
        [_, section] = re.split(rf"^{option.group}:\n", help_text, flags=re.MULTILINE)
        words = re.sub(r"\s+", " ", section.split("\n\n")[0])
        assert option.help
        for said in (*option.opts, re.sub(r"\s+", " ", option.help)):
            assert said in words


def test_the_help_shows_nothing_else(help_text: str) -> None:
    options = help_text.split("Backends:")[1].split("\nCommands:\n", maxsplit=1)[0]
    shown = re.findall(r"^  (\S.*?)(?:  |$)", options, re.MULTILINE)
    assert all(words.startswith("-") for words in shown), shown


def test_the_help_fits_and_names_configuration_environment_and_codes(help_text: str) -> None:
    assert max(len(line) for line in help_text.splitlines()) <= 100
    for words in (
        ".kubectl-submit.yaml",
        "KUBECTL_SUBMIT_",
        "125",
        "124",
        "130",
        HOME,
    ):
        assert words in help_text


@pytest.mark.parametrize("word", ["", *COMMANDS])
def test_the_help_ends_with_examples_that_can_be_typed(
    word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert main.run([*([word] if word else []), "--help"]) == 0
    _, _, end = capsys.readouterr().out.rpartition("\n\nExamples:\n")
    commented, typed = True, 0
    for line in filter(None, end.splitlines()):
        example = line.strip().partition(" | jq")[0]
        if "kubectl submit" in example and not example.startswith("#"):
            [found] = re.findall(r"kubectl submit(?: [^>)].*?)?(?= >|\)$|$)", example)
            call = command_line.parse(command_line.read(shlex.split(found)[2:]))
            assert call.command == word
            assert commented, f"{line} has no comment above it"
            typed += 1
        commented = line.strip().startswith("#")
    assert typed >= 2
    assert max(len(line) for line in end.splitlines()) <= 100
