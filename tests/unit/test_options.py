"""The options as they are declared, and those that are kubectl's own."""

from __future__ import annotations

import dataclasses

import click
import pytest

from kubectl_submit.cli import command_line
from kubectl_submit.cli.options import Options, kubectl_flags
from kubectl_submit.cli.options.declaration import declared, option


def test_flags_variables_and_keys_are_not_used_twice() -> None:
    options = declared(Options)
    flags = [flag for option in options for flag in option.opts]
    assert len(set(flags)) == len(flags)
    assert len({option.envvar for option in options}) == len(options)
    assert len({option.key for option in options}) == len(options)
    assert {option.name for option in options} == {
        field.name for field in dataclasses.fields(Options)
    }


def test_variables_and_keys_are_named_after_the_flags() -> None:
    for one in declared(Options):
        flag = one.opts[0]
        assert one.key == flag[2:]
        name = {"--name": "NAME_PREFIX"}.get(flag, flag[2:].replace("-", "_").upper())
        assert one.envvar == f"KUBECTL_SUBMIT_{name}"


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], ()),
        (["--workers", "3", "--image", "x", "--env", "A=1"], ()),
        (["-n", "team"], ("--namespace=team",)),
        (["--context=c", "--user", "u"], ("--context=c", "--user=u")),
        (["--as", "ada", "--as-uid", "7"], ("--as=ada", "--as-uid=7")),
        (["--as-group", "a", "--as-group", "b c"], ("--as-group=a", "--as-group=b c")),
        (["-s", "https://k8s:6443"], ("--server=https://k8s:6443",)),
        (["--insecure-skip-tls-verify"], ("--insecure-skip-tls-verify",)),
        (["-v", "6"], ("--v=6",)),
        (["--kubeconfig", "k", "--token", "t"], ("--kubeconfig=k", "--token=t")),
        (["--request-timeout", "5s"], ()),
    ],
)
def test_kubectl_gets_its_own_flags(arguments: list[str], flags: tuple[str, ...]) -> None:
    options = command_line.parse(command_line.read([*arguments, "--", "true"])).options
    assert kubectl_flags(options) == flags


def test_options_do_not_show_the_token() -> None:
    assert "secret" not in repr(Options(token="secret"))


@dataclasses.dataclass
class Deprecated:
    """The options of a command that has a deprecated one."""

    old: str | None = option("Group", "--old", help="Old.", instead="use --new")


@pytest.mark.parametrize(
    ("arguments", "variable", "file", "warned"),
    [
        ([], "", {}, False),
        (["--old", "x"], "", {}, True),
        ([], "x", {}, True),
        ([], "", {"old": "x"}, True),
        (["--old", "x"], "x", {"old": "x"}, True),
    ],
)
def test_whoever_uses_a_deprecated_option_is_warned_once(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    variable: str,
    file: dict[str, str],
    warned: bool,
) -> None:
    if variable:
        monkeypatch.setenv("KUBECTL_SUBMIT_OLD", variable)
    command = click.Command("submit", params=[*declared(Deprecated)], callback=lambda old: old)
    value = command.main(arguments, standalone_mode=False, default_map=file)
    assert value == ("x" if warned else None)
    warning = "warning: --old is deprecated; use --new\n"
    assert capfd.readouterr() == ("", warning if warned else "")


def test_the_help_says_that_an_option_is_deprecated() -> None:
    [old] = declared(Deprecated)
    assert old.help == "Old. Deprecated: use --new."
