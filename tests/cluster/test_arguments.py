"""Arguments and variables arrive byte for byte, whatever is in them."""

from __future__ import annotations

import json

from tests.cluster.conftest import Namespace, Submit
from tests.cluster.hostile import HOSTILE

SHOW_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"
SHOW_VARIABLES = """
import json, os
print(json.dumps({name: value for name, value in os.environ.items() if name.startswith("X_")}))
"""


def test_arguments(namespace: Namespace, submit: Submit, python: str) -> None:
    result = submit(f"--image={python}", "--", "python", "-c", SHOW_ARGUMENTS, *HOSTILE)

    assert result.exit_code == 0
    assert json.loads(result.stdout) == HOSTILE
    recorded = namespace.job()["metadata"]["annotations"]["kubectl-submit/command"]
    assert json.loads(recorded) == ["python", "-c", SHOW_ARGUMENTS, *HOSTILE]


def test_variables(submit: Submit, python: str) -> None:
    variables = {f"X_{number}": value for number, value in enumerate(HOSTILE)}
    flags = [f"--env={name}={value}" for name, value in variables.items()]

    result = submit(f"--image={python}", *flags, "--", "python", "-c", SHOW_VARIABLES)

    assert result.exit_code == 0
    assert json.loads(result.stdout) == variables


def test_variables_of_the_caller(submit: Submit, python: str) -> None:
    caller = {"X_TAKEN": "with $(HOME)\nand = signs", "X_EMPTY": "", "X_OTHER": "stays here"}
    flags = ("--env=X_TAKEN", "-e", "X_EMPTY", "-e", "X_GIVEN=anew")

    result = submit(f"--image={python}", *flags, "--", "python", "-c", SHOW_VARIABLES, env=caller)

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "X_TAKEN": caller["X_TAKEN"],
        "X_EMPTY": "",
        "X_GIVEN": "anew",
    }


def test_a_variable_that_the_caller_does_not_have(
    namespace: Namespace, submit: Submit, python: str
) -> None:
    result = submit(f"--image={python}", "--env=X_NOWHERE", "--", "true")

    assert (result.exit_code, result.stdout) == (125, "")
    assert "X_NOWHERE is not set in the environment" in result.stderr
    assert namespace.names("jobs") == []


def test_an_argument_that_kubernetes_cannot_carry(
    namespace: Namespace, submit: Submit, python: str
) -> None:
    result = submit(f"--image={python}", "--", "echo", "fine", "\udcff")

    assert (result.exit_code, result.stdout) == (125, "")
    assert result.stderr == ("error: argument 3 of the command: '\\udcff' is not valid UTF-8\n")
    assert namespace.names("jobs") == []
