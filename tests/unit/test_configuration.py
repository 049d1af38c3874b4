"""The configuration file and the environment, as the command line sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from kubectl_submit.cli import command_line, main
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.secret_values import SecretMount
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.errors import ConfigurationError
from tests.errors import raises_code

FILE = ".kubectl-submit.yaml"


def configured(text: str, *arguments: str, folder: Path | None = None) -> Options:
    """The options with this configuration file, by default in the current folder."""
    ((folder or Path.cwd()) / FILE).write_text(text)
    return cast(
        "Options", command_line.parse(command_line.read([*arguments, "--", "true"])).options
    )


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("workers: 3", "workers", 3),
        ("workers: '3'", "workers", 3),
        ("gpu-resource: amd.com/gpu", "gpu_resource", "amd.com/gpu"),
        ("cpu: 0.5", "cpu", "0.5"),
        ("memory: 16Gi", "memory", "16Gi"),
        ("timeout: 1h30m", "timeout", 5400),
        ("timeout: 90", "timeout", 90),
        ("allow-dirty: true", "allow_dirty", True),
        ("rebuild: no", "rebuild", False),
        ("env: {A: 1, B: two words}", "env", (("A", "1"), ("B", "two words"))),
        ("env: [A=1, B=]", "env", (("A", "1"), ("B", ""))),
        ("env: A=1", "env", (("A", "1"),)),
        ("build-arg:\n- A=1", "build_arg", (("A", "1"),)),
        ("as-group: [a, b]", "as_group", ("a", "b")),
        ("secret: s:/p", "secret", (SecretMount(name="s", path="/p"),)),
        ("image: 'host:5000/app:1'", "image", "host:5000/app:1"),
        ("workers:", "workers", None),
        ("", "workers", None),
        ("# nothing\n---\n", "workers", None),
    ],
)
def test_a_key_is_the_default_of_its_flag(text: str, name: str, value: object) -> None:
    assert getattr(configured(text), name) == value


def test_flag_before_environment_before_file_before_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECTL_SUBMIT_WORKERS", "3")
    monkeypatch.setenv("KUBECTL_SUBMIT_GPUS", "3")
    options = configured("{workers: 2, gpus: 2, cpu: 2}", "--workers", "4")
    assert (options.workers, options.gpus, options.cpu, options.memory) == (4, 3, "2", None)


def test_what_has_a_name_is_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    file = "env: {A: 1, B: 1, C: 1}"
    assert configured(file, "--env", "B=2").env == (("A", "1"), ("C", "1"), ("B", "2"))
    monkeypatch.setenv("KUBECTL_SUBMIT_ENV", "C=3 D=4")
    assert dict(configured(file).env) == {"A": "1", "B": "1", "C": "3", "D": "4"}
    everything = dict(configured(file, "-eD=5", "-eB=5").env)
    assert everything == {"A": "1", "B": "5", "C": "3", "D": "5"}
    assert dict(configured("", "-eD=5").env) == {"C": "3", "D": "5"}


def test_every_list_of_what_has_a_name_is_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file is named by its place in the container; other lists are replaced."""
    monkeypatch.setenv("HERE", "x")
    merged = configured(
        "{build-arg: {A: 1, B: 1}, secret: [s, 't:/t'], secret-file: ['a:/x', 'b:/y'],"
        " secret-env: [X=HERE, HERE], build-secret: ['id=a,src=a', 'id=b,src=b'], as-group: [g]}",
        *("--build-arg", "A=2", "--secret", "s:/p", "--secret", "s:/q", "--secret-file", "c:/x"),
        *("--secret-env", "X=HOME", "--build-secret", "id=a,env=HERE", "--as-group", "h"),
    )
    assert merged.build_arg == (("B", "1"), ("A", "2"))
    assert merged.secret == (("t", "/t"), ("s", "/p"), ("s", "/q"))
    assert merged.secret_file == (("b", "/y"), ("c", "/x"))
    assert merged.secret_env == (("HERE", "HERE"), ("X", "HOME"))
    assert merged.build_secret == (("b", "b", ""), ("a", "", "HERE"))
    assert merged.as_group == ("h",)


def test_a_mistake_in_what_is_merged_is_told_with_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(FILE).write_text("env: {1A: 1}")
    assert main.run(["-e", "A=1", "--", "true"]) == 125
    assert "'1A' is not a name for a variable; write NAME=VALUE (in .kub" in capsys.readouterr().err
    monkeypatch.setenv("KUBECTL_SUBMIT_ENV", "2A=1")
    assert main.run(["-e", "A=1", "--", "true"]) == 125
    assert "(in the environment, KUBECTL_SUBMIT_ENV)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "rebuild"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)]
)
def test_a_variable_switches_a_flag(
    value: str, rebuild: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECTL_SUBMIT_REBUILD", value)
    assert configured("").rebuild is rebuild


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECTL_SUBMIT_WORKERS", "")
    assert configured("workers: 2").workers == 2


UNKNOWN = ErrorCode.CONFIGURATION_UNKNOWN_KEY
NOT_BOOLEAN = ErrorCode.CONFIGURATION_NOT_TRUE_OR_FALSE
NOT_SCALAR = ErrorCode.CONFIGURATION_NOT_TEXT_OR_NUMBER
NO_MAPPING = ErrorCode.CONFIGURATION_NOT_A_MAPPING


@pytest.mark.parametrize(
    ("text", "code", "told", "remedy"),
    [
        ("worker: 3", UNKNOWN, "unknown key 'worker'", "Did you mean workers?"),
        ("image_repository: x", UNKNOWN, "'image_repository'", "Did you mean image-repository?"),
        ("zzzzz: 1", UNKNOWN, "'zzzzz'", "See `kubectl submit --help`."),
        ("1: 2", UNKNOWN, " 1", ""),
        ("help: true", UNKNOWN, "'help'", ""),
        ("rebuild: 1", NOT_BOOLEAN, "rebuild must be true or false, not 1", ""),
        ("rebuild: 'yes'", NOT_BOOLEAN, "'yes'", ""),
        ("name: no", NOT_SCALAR, "name must be text or a number, not False", "quotes"),
        ("name: 2026-11-22", NOT_SCALAR, "datetime.date(2026, 11, 22)", "quotes"),
        ("workers: true", NOT_SCALAR, "True", ""),
        ("workers: [1]", NOT_SCALAR, "[1]", ""),
        ("image: {a: b}", NOT_SCALAR, "{'a': 'b'}", ""),
        ("env: {DEBUG: on}", NOT_SCALAR, "env.DEBUG ", "quotes"),
        ("env: {A: }", NOT_SCALAR, "env.A ", "quotes"),
        ("env: [[A=1]]", NOT_SCALAR, "['A=1']", ""),
        ("- workers: 3", NO_MAPPING, "not a mapping", "flag: value"),
        ("workers", NO_MAPPING, "", ""),
    ],
)
def test_a_mistake_is_told_with_the_file(
    text: str, code: ErrorCode, told: str, remedy: str
) -> None:
    with raises_code(code, ConfigurationError) as refused:
        configured(text)
    assert f"{FILE}: " in refused.value.message
    assert told in refused.value.message.partition(f"{FILE}: ")[2]
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b: c", ":1:5: "),
        ("workers: 2\n\tgpus: 1", ":2:1: "),
        ("workers: [1", ":1:12: "),
        ("&a a: *b", ":1:7: "),
        ("workers: !!python/object:os.system x", ":1:10: "),
    ],
)
def test_what_is_no_yaml_is_told_with_line_and_column(text: str, place: str) -> None:
    with raises_code(ErrorCode.CONFIGURATION_NOT_YAML, ConfigurationError) as refused:
        configured(text)
    assert f"{FILE}{place}" in refused.value.message


def test_what_is_no_text_is_told() -> None:
    Path(FILE).write_bytes(b"name: \xff")
    with raises_code(ErrorCode.CONFIGURATION_NOT_YAML, ConfigurationError) as refused:
        command_line.parse(command_line.read(["--", "true"]))
    assert refused.value.message.endswith(f"{FILE} is not valid YAML")


@pytest.mark.parametrize(
    ("text", "variables", "message"),
    [
        ("workers: none", {}, "'none' is not a valid integer range (in .kubectl-submit.yaml)"),
        ("name: My_Job", {}, "'My_Job' is not a valid name; use lower-case letters"),
        (
            "",
            {"KUBECTL_SUBMIT_MEMORY": "lots"},
            "'lots' is not a quantity; write 500m, 2 or 16Gi "
            "(in the environment, KUBECTL_SUBMIT_MEMORY)",
        ),
    ],
)
def test_a_bad_value_is_told_with_where_it_stands(
    text: str,
    variables: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(FILE).write_text(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main.run(["--", "true"]) == 125
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "name"),
    [("dockerfile", "dockerfile"), ("manifest", "manifest"), ("kubeconfig", "kubeconfig")],
)
def test_a_path_in_the_file_is_meant_from_the_file(
    key: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "deep").mkdir()
    monkeypatch.chdir("deep")
    options = configured(f"{key}: files/one", folder=tmp_path / "here")
    assert Path(getattr(options, name)).resolve() == tmp_path / "here" / "files" / "one"
    options = configured(f"{key}: /files/one", folder=tmp_path / "here")
    assert Path(getattr(options, name)).resolve() == Path("/files/one")
    assert getattr(configured("", f"--{key}", "files/one"), name) == "files/one"


@pytest.mark.parametrize("git", [".git/", ".git", None])
def test_the_file_is_looked_for_up_to_the_root_of_the_repository(
    git: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "here" / "root"
    (root / "deep" / "er").mkdir(parents=True)
    (root.parent / FILE).write_text("workers: 1")
    if git:  # a folder, or in a worktree a file
        (root / git).mkdir() if git.endswith("/") else (root / git).touch()
    monkeypatch.chdir(root / "deep" / "er")

    def workers() -> Any:
        return command_line.parse(command_line.read(["--", "true"])).options.workers

    assert workers() == (None if git else 1)
    (root / FILE).write_text("workers: 2")
    assert workers() == 2
    (root / "deep" / FILE).write_text("workers: 3")
    assert workers() == 3
