"""What docs/stability.md promises is there: data/stable.yaml names it, and the code has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import click
import pytest
import yaml

from kubectl_submit import errors
from kubectl_submit.build_backends import build_job
from kubectl_submit.cli import command_line, main
from kubectl_submit.cli.help_text import GroupedCommand
from kubectl_submit.cli.options import Options
from kubectl_submit.cli.options.declaration import declared
from kubectl_submit.commands import doctor_checks, gpus
from kubectl_submit.error_codes import ErrorCode
from kubectl_submit.execution_backends import by_kind
from kubectl_submit.manifests import tree
from kubectl_submit.manifests.run_secrets import RunSecret
from kubectl_submit.model import run
from kubectl_submit.model.gpus import GpuNode, GpuType, Holder
from kubectl_submit.model.pods import PodState
from kubectl_submit.model.run import Run, RunStatus
from kubectl_submit.model.run_details import Event, Phase, RunDetails
from kubectl_submit.runs import cancellation, documents
from tests.documentation import ROOT

from .examples import build_parameters, execution_parameters
from .samples import DATA, Object

STABLE = DATA / "stable.yaml"
PROMISED: dict[str, Any] = yaml.safe_load(STABLE.read_text(encoding="utf-8"))
PAGE = ROOT / "docs" / "stability.md"
REMEDY = (
    "docs/stability.md promises it, and says for how long. Until then keep it, deprecated, beside "
    "what is new: see 'To remove or rename what is promised' in CONTRIBUTING.md."
)
TYPES = {str: "text", bool: "true or false", int: "number", float: "number"}
NOW = "2026-11-25T20:55:51Z"
FACTS = {
    "commit": "07b7803",
    "branch": "main",
    "remote": "https://git.example/app.git",
    "dirty": "true",
    "changes": "M train.py",
    "created-by": "ada",
    "cancelled-by": "bob",
    "image": "registry.example/app@sha256:5d",
    "command": '["python"]',
    "command-cut": '{"arguments": 5, "bytes": 311204, "sha256": "5d"}',
}
RUN = Run(
    name="app-x2k4z",
    namespace="team",
    kind="job",
    backend="kubernetes",
    workers=1,
    ready=1,
    created=NOW,
    started=NOW,
    ended=NOW,
    status=RunStatus(state=run.FAILED, reason="exited 3", exit_code=3),
    facts=FACTS,
    main={},
    build=None,
    pods=(),
)
POD = PodState(
    name="app-x2k4z-0-q7vwn",
    rank=0,
    started_at=NOW,
    finished_at=NOW,
    exit_code=3,
    reason="OOMKilled",
)
GPU_NODE = GpuNode(
    name="node1",
    types={"nvidia.com/gpu.product": "NVIDIA-L4"},
    total=8,
    usable=True,
    taints=("nvidia.com/gpu:NoSchedule",),
    holders=(Holder(namespace="team", pod="a", run="b", created_by="ada", node="node1", gpus=1),),
)
DETAILS = RunDetails(
    run=RUN,
    phases=(Phase(name="run", begin=NOW, end=NOW, seconds=0.5),),
    workers=((POD, "node1"),),
    gone=(),
    events=(Event(time=NOW, about="job/app-x2k4z", text="x", warning=True),),
)


def assert_kept(what: str, promised: Collection[str], found: Collection[str]) -> None:
    """Fail if something that is promised is not there; what else is there does not matter."""
    gone = [one for one in promised if one not in found]
    assert not gone, f"gone or renamed: {what} {', '.join(gone)}. {REMEDY}"


def click_command(word: str) -> GroupedCommand:
    """The command of a word."""
    return command_line.submit_command() if word == "submit" else command_line.subcommand(word)


def click_options(word: str) -> list[click.Option]:
    """All options of a command, with --help."""
    command = click_command(word)
    parameters = command.get_params(click.Context(command, **command.context_settings))
    return [one for one in parameters if isinstance(one, click.Option)]


def names(options: list[click.Option], *, flags: bool) -> list[str]:
    """The names of the options that take no value, or of those that take one."""
    found = [one for one in options if one.is_flag == flags]
    return [name for one in found for name in (*one.opts, *one.secondary_opts)]


@pytest.mark.parametrize("word", PROMISED["commands"])
def test_a_command_has_its_options(word: str) -> None:
    options = click_options(word)
    for promised in (PROMISED["every command"], PROMISED["commands"][word]):
        assert_kept(f"flags of {word}:", promised.get("flags", []), names(options, flags=True))
        assert_kept(f"options of {word}:", promised.get("options", []), names(options, flags=False))
    for name, values in PROMISED["commands"][word].get("choices", {}).items():
        (found,) = (one.type for one in options if name in one.opts)
        assert isinstance(found, click.Choice)
        assert_kept(f"values of {word} {name}:", values, list(found.choices))


def test_each_option_of_a_submit_has_its_key_and_its_variable() -> None:
    promised = PROMISED["commands"]["submit"]
    keys = [one[2:] for one in [*promised["flags"], *promised["options"]] if one[:2] == "--"]
    keys.remove("no-prefix")
    settable = {one.key: str(one.envvar) for one in declared(Options) if one.configurable}
    assert_kept("keys", keys, settable)
    for key in keys:
        name = {"name": "NAME_PREFIX"}.get(key, key.replace("-", "_").upper())
        assert_kept("variable", [f"KUBECTL_SUBMIT_{name}"], [settable[key]])


def test_exit_codes() -> None:
    following, others = PROMISED["exit codes"].values()
    for error in (errors.PendingTimeoutError, errors.WaitTimeoutError):
        assert error.exit_code == following["timeout"], REMEDY
    for code in (errors.CancelledError.exit_code, run.CANCELLED_CODE, main.INTERRUPTED):
        assert code == following["cancelled"], REMEDY
    for arguments in (["--no-such", "--", "true"], ["wait"], ["wait", "x"], ["logs", "-f", "x"]):
        assert main.run(arguments) == following["failure"], REMEDY
    assert main.run(["status", "--no-such"]) == main.run(["status"]) == others["usage"], REMEDY
    assert main.run(["status", "x"]) == others["failure"], REMEDY  # there is no kubectl
    assert main.run(["--help"]) == following["success"] == others["success"] == 0


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("Run", documents.run_document(RUN)),
        ("GpuTypeList", gpus.document([GpuType(name="NVIDIA-L4", nodes=(GPU_NODE,))])),
        ("Run of status", documents.details_document(DETAILS)),
        (
            "CheckList",
            doctor_checks.document(
                [doctor_checks.Finding(name="git", well=True, text="x", remedy="x")]
            ),
        ),
    ],
)
def test_documents(kind: str, document: Object) -> None:
    found = [f"{path}: {type_}" for path, type_ in fields(document)]
    promised = [f"{path}: {type_}" for path, type_ in PROMISED["documents"][kind].items()]
    assert_kept(f"fields of {kind}:", promised, found)
    assert document["apiVersion"] == PROMISED["apiVersion"], REMEDY
    assert document["kind"] == kind.partition(" ")[0], REMEDY


def test_items_of_a_list_are_runs() -> None:
    document = documents.list_document([RUN])
    promised = PROMISED["documents"]["Run"].keys() - {"apiVersion", "kind"}
    found = [path for path, _ in fields(document["items"][0])]
    assert_kept("fields of RunList:", sorted(promised), found)
    assert (document["apiVersion"], document["kind"]) == (PROMISED["apiVersion"], "RunList")


def fields(document: Object) -> Iterator[tuple[str, str]]:
    """Each field of a document, with dots, and the type of its value."""
    for key, value in document.items():
        first = value[0] if isinstance(value, list) else value
        if isinstance(first, dict):
            yield from ((f"{key}.{path}", type_) for path, type_ in fields(first))
        else:
            yield (
                key,
                f"list of {TYPES[type(first)]}" if isinstance(value, list) else TYPES[type(value)],
            )


def test_states() -> None:
    assert_kept("states", PROMISED["states"], list(vars(run).values()))


def of_run() -> list[Object]:
    """What is created for a run of two workers, and for one on Ray."""
    parameters = execution_parameters(workers=2, new_secrets=(RunSecret(suffix="-a", data={}),))
    nodes = [*by_kind("job").render(parameters), *by_kind("rayjob").render(parameters)]
    return list(yaml.safe_load_all(tree.dump(nodes)))


def of_build() -> list[Object]:
    """What is created for a build."""
    return list(yaml.safe_load_all(tree.dump(build_job.render(build_parameters()))))


def with_pods(node: Any) -> Iterator[Object]:
    """The objects, and the templates of pods in them."""
    if isinstance(node, dict):
        if "kind" in node or "containers" in node.get("spec", {}):
            yield node
        node = list(node.values())
    for value in node if isinstance(node, list) else []:
        yield from with_pods(value)


def test_labels() -> None:
    found = list(with_pods([*of_run(), *of_build()]))
    kinds = Counter(one.get("kind", "pod") for one in found)
    assert kinds == {"Job": 2, "RayJob": 1, "pod": 5, "Service": 2, "Secret": 2}
    for one in found:
        what = f"labels of {one.get('kind', 'pods')}:"
        assert_kept(what, PROMISED["labels"], one["metadata"]["labels"])


def test_annotations() -> None:
    for one in with_pods(of_run()):
        if one.get("kind") not in ("Service", "Secret"):
            what = f"annotations of {one.get('kind', 'pods')}:"
            assert_kept(what, PROMISED["annotations"], one["metadata"]["annotations"])
    [job] = [one for one in of_run() if one["kind"] == "Job"]
    cancelled = cancellation.changes("job", job, "ada")["metadata"]["annotations"]
    assert_kept("annotation", [PROMISED["annotation of what was cancelled"]], cancelled)


def test_variables() -> None:
    every, workers = PROMISED["variables"].values()
    pods = [one["spec"] for one in with_pods(of_run()) if "containers" in one.get("spec", {})]
    containers = {one["name"]: one for pod in pods for one in pod["containers"]}
    for name in ("main", "ray-head", "ray-worker"):
        found = [variable["name"] for variable in containers[name]["env"]]
        promised = [*every, *workers] if name == "main" else every
        assert_kept(f"variables of {name}:", promised, found)


def test_error_codes() -> None:
    assert_kept("error codes", PROMISED["error codes"], [code.value for code in ErrorCode])


def test_the_page_names_what_is_promised() -> None:
    text = PAGE.read_text(encoding="utf-8")
    variables = [one for some in PROMISED["variables"].values() for one in some]
    named = [*PROMISED["labels"], *PROMISED["annotations"], *variables, PROMISED["apiVersion"]]
    assert [one for one in named if f"`{one.removeprefix('kubectl-submit/')}`" not in text] == []
    codes = {code for some in PROMISED["exit codes"].values() for code in some.values()}
    assert [code for code in codes if str(code) not in text] == []
