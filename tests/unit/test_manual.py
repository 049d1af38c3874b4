"""The manual page has every option, and what it says is text."""

from __future__ import annotations

from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.cli.options.subcommands import COMMANDS
from scripts import manual


def test_every_option_and_command_is_in_it() -> None:
    page = manual.page().replace("\\-", "-")
    for option in declared(Options):
        assert f".B {option.opts[0]}" in page
        assert f"Key: {option.key}; variable: KUBECTL_SUBMIT_" in page
    for word in COMMANDS:
        assert f".SS {word}\n" in page


def test_text_is_no_macro() -> None:
    assert manual.text(".kubectl-submit.yaml") == "\\&.kubectl\\-submit.yaml"
    assert manual.text("a\\nb") == "a\\enb"
