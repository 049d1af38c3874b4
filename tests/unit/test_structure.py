"""The structure of the code, as CONTRIBUTING.md draws it: who imports whom, and who calls what."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.mutants.edits import EDITS
from scripts.mutants.edits import MODULES as MUTATED

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kubectl_submit"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


@functools.cache
def layers() -> list[str]:
    """The lines of the map in CONTRIBUTING.md, the lowest first: folders and modules."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.partition("<!-- layers -->")[2].partition("<!-- end -->")[0]
    rows = [line.split("|")[1] for line in block.splitlines() if line.startswith("| `")]
    names = [re.findall(r"`([\w/]+?)(?:/|\.py)?`", row) for row in rows]
    return [name.replace("/", ".") for row in reversed(names) for name in reversed(row)]


def layer(module: str) -> str:
    """The line of the map that a module belongs to: the longest that fits."""
    fitting = [one for one in layers() if module == one or module.startswith(f"{one}.")]
    assert fitting, f"{module} is not on the map in CONTRIBUTING.md"
    return max(fitting, key=len)


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The code of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """What a module imports, by its full name; True: when it is run, not only for mypy."""
    return list(_imports(parsed(path), path))


def _imports(tree: ast.Module, path: Path) -> Iterator[tuple[str, bool]]:
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        run = id(node) not in for_types
        if isinstance(node, ast.Import):
            yield from ((alias.name, run) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative"
            yield from ((f"{node.module}.{alias.name}", run) for alias in node.names)


def own(name: str) -> str | None:
    """The module of ours that an imported name is, or is in."""
    if not name.startswith("kubectl_submit."):
        return None
    inner = name.removeprefix("kubectl_submit.")
    return inner if inner in MODULES else inner.rpartition(".")[0]


def test_imports_point_down() -> None:
    order = layers()
    for module in set(MODULES) - {"__init__", "__main__", ""}:
        here = order.index(layer(module))
        for name, _ in imports(MODULES[module]):
            target = own(name)
            above = target and order.index(layer(target)) > here
            assert not above, f"{module} imports {name}, which is above it"


def test_no_circle() -> None:
    needs = {
        module: {
            target
            for name, run in imports(path)
            if run and (target := own(name)) and target in MODULES
        }
        for module, path in MODULES.items()
    }
    while leaves := [module for module, targets in needs.items() if not targets & needs.keys()]:
        for module in leaves:
            del needs[module]
    assert needs == {}


@pytest.mark.parametrize(
    ("library", "home"),
    [("sh", "process.command"), ("git", "source."), ("click", ("cli.", "commands."))],
)
def test_a_library_has_one_home(library: str, home: str | tuple[str, ...]) -> None:
    for module, path in MODULES.items():
        if any(name.partition(".")[0] == library for name, _ in imports(path)):
            assert module.startswith(home), f"{module} imports {library}"


@pytest.mark.parametrize(
    ("program", "home"),
    [("kubectl", "cluster.kubectl"), ("docker", "build_backends.docker"), ("git", "source.")],
)
def test_a_program_is_called_in_one_place(program: str, home: str) -> None:
    """A list that begins with its name is how a call of it is written."""
    for module, path in MODULES.items():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.List) and node.elts:
                first = node.elts[0]
                if isinstance(first, ast.Constant) and first.value == program:
                    assert module.startswith(home), f"{module} calls {program}"


# What reaches outside of the program, or differs from one time to the next.
OUTSIDE = re.compile(
    r"(os|sys|sh|subprocess|time|socket|tempfile|shutil|random|secrets|platform|getpass|signal)(\.|$)"
    r"|kubectl_submit\.(process\.(?!masking)|cluster\.kubectl\.|source\.repository|times\.now)"
)


def test_a_module_that_is_called_pure_is_pure() -> None:
    for module, path in MODULES.items():
        tree = parsed(path)
        if re.search(r"\bpure\b", ast.get_docstring(tree) or "", re.IGNORECASE):
            outside = [name for name, _ in imports(path) if OUTSIDE.match(name)]
            assert outside == [], f"{module} imports {outside}"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                claims = "Pure." in (ast.get_docstring(node) or "")
                assert not claims, f"{module}.{node.name}: say it of whole modules"


def test_a_kind_of_execution_is_known_in_its_folder_alone() -> None:
    """Beside its options, and the one line in the table of kinds."""
    word = re.compile(r"(?<![A-Za-z])(?:kube)?ray(?:s|jobs?|clusters?)?(?![A-Za-z])", re.IGNORECASE)
    for module, path in MODULES.items():
        known = ("execution_backends.ray", "cli.options.", "model.execution_kinds")
        if not module.startswith(known):
            found = word.search(path.read_text(encoding="utf-8"))
            assert not found, f"{module} says {found[0]}" if found else ""


def test_a_long_module_says_why() -> None:
    for module, path in MODULES.items():
        lines = path.read_text(encoding="utf-8").splitlines()
        said = bool(lines) and lines[0].startswith("# Over 200 lines: ")
        assert len(lines) <= 200 or said, f"{module} has {len(lines)} lines"


def test_each_mutant_fits_the_code() -> None:
    for edit in EDITS:
        text = (ROOT / MUTATED[edit.module]).read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, edit.description
