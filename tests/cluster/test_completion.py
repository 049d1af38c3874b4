"""Completion as shells ask for it: through kubectl, and with a script of our own."""

from __future__ import annotations

import shutil

import pytest

from kubectl_submit.commands.completion import SCRIPTS
from tests.cluster.conftest import Namespace, Submit
from tests.conftest import Commands, eventually


def test_through_kubectl(
    namespace: Namespace, submit: Submit, commands: Commands, busybox: str
) -> None:
    submit("--detach", f"--image={busybox}", "--", "true")
    name = namespace.job()["metadata"]["name"]
    namespace.kubectl("create", "secret", "generic", "wandb", "--from-literal=key=1234")

    def choices(*words: str) -> list[str]:
        """What kubectl offers for the last word."""
        # A wrapper that colours what kubectl writes would colour this, too, for the shell itself.
        plain = {"NO_COLOR": "1"}
        asked = commands.run("kubectl", "__complete", "submit", *words, env=plain)
        return [line.partition("\t")[0] for line in asked.stdout.splitlines()]

    where = ("-n", namespace.name)
    assert "list" in choices("")
    assert "--workers" in choices("--w")
    # A cluster that does not answer at once is not waited for: whoever types presses Tab again.
    eventually(lambda: choices(*where, "wait", "") == [name, ":4"], "the run")
    eventually(lambda: choices(*where, "--secret", "") == ["wandb", ":4"], "the Secret")
    eventually(lambda: namespace.name in choices("--namespace", "test-"), "the namespace")
    assert choices("--", "python", "") == [":0"]


BASH = """
COMP_WORDS=(kubectl-submit {}) COMP_CWORD={}
{}
_kubectl_submit && printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "reply"), [("sta", "status"), ("--build = lo", "local"), ("--dry-run cl", "client")]
)
def test_in_bash(commands: Commands, words: str, reply: str) -> None:
    script = BASH.format(words, len(words.split()), SCRIPTS["bash"])
    assert commands.run("bash", "-c", script).stdout == f"{reply}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_of_their_shells(commands: Commands, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    script = commands.run("kubectl", "submit", "completion", shell).stdout
    check = "--no-execute" if shell == "fish" else "-n"
    assert commands.run(shell, check, "-c", script).exit_code == 0
