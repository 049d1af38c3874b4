"""README's first run and docs/getting-started.md, typed as they stand there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests import documentation
from tests.cluster.conftest import Namespace
from tests.conftest import Commands, Repository, local
from tests.documentation import README, ROOT

GETTING_STARTED = ROOT / "docs" / "getting-started.md"
END_OF_BLOCK = re.compile(r"^== ended with (\d+)\n", re.MULTILINE)
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


class Reader:
    """Somebody who types the blocks of a page, one after the other, in one shell."""

    def __init__(self, commands: Commands, namespace: str, places: Mapping[str, str]) -> None:
        """`places`: what a reader writes in the place of the names in the documentation."""
        self._commands = commands
        self._places = places
        self._environment = {
            **IDENTITY,
            "KUBECTL_SUBMIT_NAMESPACE": namespace,
            "KUBECTL_SUBMIT_IMAGE_REPOSITORY": "",
        }

    def type(self, blocks: list[str], folder: Path) -> dict[str, tuple[int, str]]:
        """Exit code and output of each block, by its text in the documentation."""
        script = "".join(f'{self._fill_in(block)}echo "== ended with $?"\n' for block in blocks)
        typed = self._commands.run("bash", "-c", script, cwd=folder, env=self._environment)
        ends = END_OF_BLOCK.split(typed.stdout)
        assert len(ends) == 2 * len(blocks) + 1, typed.stderr
        return {
            block.strip(): (int(code), output)
            for block, output, code in zip(blocks, ends[::2], ends[1::2], strict=False)
        }

    def _fill_in(self, block: str) -> str:
        for name, value in self._places.items():
            assert value
            block = block.replace(name, value)
        return block


def shell(page: Path, *sections: str) -> list[str]:
    """The blocks for a shell in some sections of a page."""
    found = [one for one in documentation.blocks(page, "sh") if one.section in sections]
    assert {one.section for one in found} == set(sections)
    return [one.text for one in found]


def places(busybox: str, python: str, url: str) -> dict[str, str]:
    """What this cluster has in the place of the names in the documentation."""
    repository = local("KUBECTL_SUBMIT_IMAGE_REPOSITORY")
    return {
        "registry.example/you/hello": repository,
        "registry.example/you/app": repository,
        "https://git.example/you/hello.git": url,
        "--image busybox": f"--image {busybox}",
        "FROM python:3-slim": f"FROM {python}",
        "hello-07b7803-lccg6": "$(kubectl submit list -o name | tail -n 1)",
    }


def only(results: Mapping[str, tuple[int, str]], text: str) -> tuple[int, str]:
    """The result of the one block that has a text."""
    [result] = [result for block, result in results.items() if text in block]
    return result


def test_the_first_run_of_the_readme(
    commands: Commands, namespace: Namespace, repository: Repository, busybox: str, python: str
) -> None:
    repository.write("Dockerfile", f"FROM {python}\nWORKDIR /app\nCOPY . .\n")
    repository.write("train.py", "print('trained')\n")
    repository.commit()
    reader = Reader(commands, namespace.name, places(busybox, python, repository.url))

    found = reader.type(shell(README, "Sixty seconds"), repository.folder)

    assert only(found, "echo hello") == (0, "hello\n")
    code, output = only(found, "--workers 2")
    assert (code, sorted(output.splitlines())) == (3, ["[0] worker 0", "[1] worker 1"])
    assert only(found, "train.py") == (0, "trained\n")
    assert len(found) == 3


def test_getting_started(
    commands: Commands,
    namespace: Namespace,
    make_repository: Callable[[str], Repository],
    busybox: str,
    python: str,
    tmp_path: Path,
) -> None:
    remote = make_repository("remote")  # whose working copy is not used
    reader = Reader(commands, namespace.name, places(busybox, python, remote.url))
    folder = tmp_path / "reader"
    folder.mkdir()

    found = reader.type(
        shell(
            GETTING_STARTED,
            *("", "Run something", "Run your code", "Write the options down", "Look at your runs"),
        ),
        folder,
    )

    codes = [code for code, _ in found.values()]
    assert [code for code in codes if code] == [3]
    assert "MISSING" not in only(found, "doctor")[1]
    assert only(found, "echo hello") == (0, "hello\n")
    assert only(found, "exit 3") == (3, "")
    lines = [f"[{rank}] hello from worker {rank} of 2" for rank in range(2)]
    assert sorted(only(found, "--workers 2")[1].splitlines()) == lines
    once = "hello from worker 0 of 1\n"
    assert found["kubectl submit -- python hello.py"] == (0, once)
    assert only(found, "/hello -- python hello.py") == (0, once)
    after = only(found, "kubectl submit status")[1]
    assert after.count("Succeeded") >= 3
    assert f"\n{once}" in after
