"""The command line: what is asked for, mistakes, help."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any, cast

import click
import pytest

from kubectl_submit import __version__
from kubectl_submit.cli import command_line, main
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.configuration import FILE_NAME
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.cli.options.subcommands import COMMANDS

from .programs import Answer, Program


@pytest.fixture(autouse=True)
def as_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/kubectl-submit"])


def asked(*arguments: str) -> dict[str, Any]:
    """The options that are not as they are by default."""
    options = command_line.parse(command_line.read([*arguments, "--", "true"])).options
    fields = dataclasses.fields(Options)
    values = {field.name: (getattr(options, field.name), field.default) for field in fields}
    return {name: value for name, (value, default) in values.items() if value != default}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["--build", "local"], {"build": "local"}),
        (["--workers", "3", "--gpus", "2"], {"workers": 3, "gpus": 2}),
        (["--gpus=0"], {"gpus": 0}),
        (["--cpu", "500m", "--memory", "16Gi"], {"cpu": "500m", "memory": "16Gi"}),
        (["--image", "host:5000/a:1"], {"image": "host:5000/a:1"}),
        (["--rebuild", "--allow-dirty"], {"rebuild": True, "allow_dirty": True}),
        (
            ["--build-arg", "A=1", "--build-arg", "B=x=y"],
            {"build_arg": (("A", "1"), ("B", "x=y"))},
        ),
        (["--env", "A=1", "-e", "B= "], {"env": (("A", "1"), ("B", " "))}),
        (["-n=team", "-e=A=1"], {"namespace": "team", "env": (("A", "1"),)}),
        (
            ["--secret", "s", "--secret", "t:/p"],
            {
                "secret": (
                    SecretMount(name="s", path="/run/secrets/s"),
                    SecretMount(name="t", path="/p"),
                )
            },
        ),
        (["--timeout", "1h30m"], {"timeout": 5400}),
        (["--pending-timeout", "90"], {"pending_timeout": 90}),
        (["--ttl", "0"], {"ttl": 0}),
        (["--name", "train"], {"name": "train"}),
        (["-q", "--verbose"], {"quiet": True, "verbose": True}),
        (["-n", "team", "-s", "https://k8s"], {"namespace": "team", "server": "https://k8s"}),
        (["--as", "ada", "--as-group", "a", "--as-group", "b"],
         {"as_user": "ada", "as_group": ("a", "b")}),
        (["-v", "6"], {"log_level": 6}),
        (["--workers", "1", "--workers", "2"], {"workers": 2}),
    ],
)  # fmt: skip
def test_flags_become_options(arguments: list[str], options: dict[str, object]) -> None:
    assert asked(*arguments) == options


@pytest.mark.parametrize(
    "command",
    [
        ("true",),
        ("python", "train.py", "--workers", "3", "-h"),
        ("sh", "-c", "echo \"$HOME\" `date` $(x) \\ 'y'"),
        ("a", "--", "b", "--"),
        ("--", "a"),
        ("-x",),
        ("", " ", "\t", "\n", "*", "ünï 🎉", "a\x1bb"),
    ],
)
def test_the_command_arrives_byte_for_byte(command: tuple[str, ...]) -> None:
    call = command_line.parse(command_line.read(["--workers", "2", "--", *command]))
    assert (call.options.workers, call.words) == (2, command)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given; it goes after --, as in '-- python train.py'"),
        (["--workers", "2"], "no command given"),
        (["--"], "no command given"),
        (
            ["train.py", "-x"],
            "'train.py' is not an option; the command goes after --, "
            "as in 'kubectl submit -- train.py -x'",
        ),
        (["python", "--", "x"], "'python' is not an option"),
        (["--workers", "0", "--", "x"], "invalid value for '--workers': 0 is not in the range"),
        (["--workers", "--", "x"], "option '--workers' requires an argument"),
        (["--worker", "1", "--", "x"], "no such option '--worker'. (did you mean|Did you mean"),
        (["--build", "magic", "--", "x"], "'magic' is not one of 'local', 'remote'"),
        (["--rebuild=yes", "--", "x"], "option '--rebuild' does not take a value"),
        (["--memory", "lots", "--", "x"], "'lots' is not a quantity; write 500m, 2 or 16Gi"),
        (["--timeout", "0", "--", "x"], "'--timeout': it must be at least one second"),
        (["--env", "1A=x", "--", "x"], "'1A' is not a name for a variable; write NAME=VALUE"),
        (["--env", "UNSET", "--", "x"], "UNSET is not set in the environment"),
        (["--image-repository", "app:1", "--", "x"], "'app:1' is not an image name without a tag"),
        (["--name", "My_Job", "--", "x"], "'My_Job' is not a valid name"),
        (["--verbose", "--", "x"], "\ncode: no-image-repository\n"),
        (["--image", "app", "--", "x", "\udcff"], "argument 2 of the command: '\\udcff' is not"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 125
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert any(part in said.err for part in message.split("|"))
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("flags", "variable", "configuration", "code"),
    [
        ([], "", "", ""),
        (["--verbose"], "", "", "no-image-repository"),
        ([], "yes", "", "no-image-repository"),
        ([], "", "verbose: true", "no-image-repository"),
        ([], "", "verbose", ""),
        (["--verbose"], "", "verbose", "configuration-not-a-mapping"),
    ],
)
def test_the_code_of_an_error_is_its_last_line_with_verbose(
    flags: list[str],
    variable: str,
    configuration: str,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(FILE_NAME).write_text(configuration, encoding="utf-8")
    if variable:
        monkeypatch.setenv("KUBECTL_SUBMIT_VERBOSE", variable)
    assert main.run([*flags, "--", "x"]) == 125
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ")
    shown = [f"code: {code}"] if code else []
    assert [line for line in lines if line.startswith("code:")] == shown
    assert lines[len(lines) - len(shown) :] == shown


def test_a_mistake_in_the_flags_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    main.run(["--nonsense"])
    assert capsys.readouterr().err.endswith(
        "\nSee 'kubectl submit --help' for help and examples.\n"
    )


@pytest.mark.parametrize("flag", ["--image", "--dockerfile", "--namespace", "--target"])
def test_no_value_may_be_other_than_text(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([flag, "\udcff", "--", "x"]) == 125
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "UTF-8" in said


def test_a_message_cannot_play_with_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    main.run(["\x1b[31mred\x07\r"])
    assert "'\\x1b[31mred\\x07\\r' is not an option" in capsys.readouterr().err


def test_nor_can_the_words_of_a_program(
    kubectl: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl.on("create", Answer(stderr="\x1b[2Jrefused\n", exit_code=1))
    assert main.run(["--image", "app", "--", "x"]) == 125
    assert "\n\\x1b[2Jrefused\n" in capsys.readouterr().err


def test_a_folder_that_is_gone_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert main.run(["--image", "app", "--", "x"]) == 125
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_told_with_a_traceback_and_where_to_report_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(cast("list[str]", [None])) == 125
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert f"this is a bug in kubectl-submit {__version__}; please report it: https://" in said


@pytest.mark.parametrize("value", ["list", "status", "doctor", "completion"])
@pytest.mark.parametrize("flag", ["-n", "--namespace", "--name", "--context", "--image"])
def test_a_value_that_reads_like_a_subcommand_is_none(
    flag: str, value: str, kubectl: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of a submit: 125, not a subcommand's 1 or 2."""
    kubectl.on("create", Answer(stderr="refused\n", exit_code=1))
    rest = [] if flag == "--image" else ["--image", "app"]
    assert main.run([flag, value, *rest, "--", "true"]) == 125
    assert main.run([flag, value, "--build", "magic", "--", "true"]) == 125
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "command", "before", "after"),
    [
        (["-n", "list", "--", "list"], "", ["-n", "list"], ["list"]),
        (["-n", "list", "status", "x"], "status", ["-n", "list", "x"], []),
        (["-nlist", "wait", "--", "-x"], "wait", ["-nlist"], ["-x"]),
        (["list", "-n", "wait"], "list", ["-n", "wait"], []),
        (["logs", "list"], "logs", ["list"], []),
        (["train.py", "list"], "", ["train.py", "list"], []),
    ],
)
def test_the_first_word_that_belongs_to_no_option_is_the_subcommand(
    arguments: list[str], command: str, before: list[str], after: list[str]
) -> None:
    assert command_line.read(arguments) == (command, before, after)


def test_every_short_option_takes_its_value_after_an_equals_sign() -> None:
    commands = [command_line.submit_command(), *map(command_line.subcommand, COMMANDS)]
    short = {
        flag
        for command in commands
        for option in command.params
        if isinstance(option, click.Option) and not option.is_flag
        for flag in option.opts
        if len(flag) == 2
    }
    assert {flag for flag in short if command_line.SHORT_WITH_VALUE.match(f"{flag}=x")} == short
    assert "-n" in short
