"""What shells are told can stand next."""

from __future__ import annotations

import pytest

from kubectl_submit.cli import completion
from tests.unit.programs import Answer, Program


def choices(*words: str) -> list[str]:
    """The choices alone."""
    return [choice for choice, _ in completion.complete(words)[0]]


def test_commands_come_first() -> None:
    found, directive = completion.complete([""])
    assert ("list", "List runs: workers, state, age, commit, and who created them.") in found
    assert directive == completion.NO_FILES


def test_flags_are_those_of_the_command() -> None:
    assert {"--gpus", "--context", "--help", "--no-prefix"} <= {*choices("--gpus", "2", "--")}
    assert "--delete" in choices("cancel", "--")
    assert "--gpus" not in choices("cancel", "--")


@pytest.mark.parametrize("words", [("--build", ""), ("--build=",), ("--build=l",)])
def test_the_values_of_a_choice(words: tuple[str, ...]) -> None:
    assert choices(*words) == ["local", "remote"]


@pytest.mark.parametrize(
    "words",
    [("--manifest", ""), ("--", ""), ("--gpus", "1", "--", "python", ""), ("--kubeconfig=",)],
)
def test_where_files_can_stand(words: tuple[str, ...]) -> None:
    assert completion.complete(words) == ([], completion.FILES)


def test_names_come_from_the_cluster_that_was_typed(kubectl: Program) -> None:
    kubectl.on("get", Answer("secret/a\nsecret/b\n"))
    assert choices("-n", "team", "--context=x", "--secret", "") == ["a", "b"]
    flags = kubectl.call("get").argv
    assert {"--namespace=team", "--context=x", "--request-timeout=2s"} <= {*flags}


def test_names_of_runs_come_once(kubectl: Program) -> None:
    kubectl.on("get", Answer("job.batch/app-1\nrayjob.ray.io/app-2\n"))
    assert choices("wait", "app-1", "") == ["app-2"]


def test_a_cluster_that_does_not_answer_is_silent(kubectl: Program) -> None:
    kubectl.on("get", Answer(stderr="refused", exit_code=1))
    assert completion.complete(["cancel", ""]) == ([], completion.NO_FILES)


def test_only_what_begins_as_typed(capfd: pytest.CaptureFixture[str]) -> None:
    completion.show(["--build=r"])
    assert capfd.readouterr().out == "remote\n:4\n"
    completion.show(["canc"])
    assert capfd.readouterr().out.startswith("cancel\tStop runs")
