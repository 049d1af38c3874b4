"""The log of docker buildx, line by line, and as docker buildx 0.36.1 wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_submit.build_backends import build_report
from kubectl_submit.build_backends.buildkit_log import BuildLog, Step

DATA = Path(__file__).parent / "data"
LAYER = "sha256:" + "7f" * 32
BEGUN = ("#0 building", "", "#1 [2/3] RUN make")


def read(*lines: str) -> tuple[BuildLog, list[bytes]]:
    """What was read, and the lines that are none of BuildKit's."""
    log = BuildLog()
    found = [log.read(line.encode()) for line in lines]
    return log, [one for one in found if isinstance(one, bytes)]


def sample(name: str) -> tuple[BuildLog, list[bytes]]:
    return read(*(DATA / f"buildkit-{name}.log").read_bytes().decode().split("\n"))


def told(log: BuildLog) -> list[str]:
    return [build_report.line(step) for step in log.steps if build_report.is_told(step)]


@pytest.mark.parametrize(
    ("lines", "ended", "line"),
    [
        ([], False, "   0.0 s  [2/3] RUN make"),
        (["#1 DONE 3.1s"], True, "   3.1 s  [2/3] RUN make"),
        (["#1 DONE"], True, "   0.0 s  [2/3] RUN make"),
        (["#1 CACHED"], True, "  cached  [2/3] RUN make"),
        (["#1 ERROR: exit code: 3"], True, "   error  [2/3] RUN make"),
        (["#1 0.105 #1 DONE 9s", "#1 99.12 DONE 9s", "#1 ..."], False, "   0.0 s  [2/3] RUN make"),
        (["#1 DONE 1.0s", "#1 [2/3] RUN make"], False, "   1.0 s  [2/3] RUN make"),
        (["#1 DONE 1.0s", "#1 [2/3] RUN make", "#1 DONE 5.0s"], True, "   5.0 s  [2/3] RUN make"),
        # Its layers are pulled before CACHED could be said.
        ([f"#1 {LAYER} 97B / 97B 0.1s done", "#1 DONE 0.4s"], True, "  cached  [2/3] RUN make"),
        (["#1 0.1 hi", f"#1 {LAYER} 97B done", "#1 DONE 0.4s"], True, "   0.4 s  [2/3] RUN make"),
        (
            ["#1 CACHED", f"#1 extracting {LAYER} 2.9s done", "#1 DONE 3.2s"],
            True,
            "  cached  [2/3] RUN make (3.2 s unpacking the base)",
        ),
    ],
)
def test_a_step(lines: list[str], ended: bool, line: str) -> None:
    log, others = read(*BEGUN, *lines)
    [step] = log.steps
    assert (step.ended, build_report.line(step), others) == (ended, line, [])


@pytest.mark.parametrize(
    ("name", "instruction"),
    [
        ("[2/3] RUN make", "RUN"),
        ("[base 1/3] FROM python:3", "FROM"),
        ("[linux/amd64 stage-2 10/12] COPY --link . .", "COPY"),
        ("FROM docker.io/library/uv:1", "FROM"),
        ("[internal] load build context", ""),
        ("exporting to image", ""),
    ],
)
def test_the_instruction_of_a_step(name: str, instruction: str) -> None:
    assert Step(name=name).instruction == instruction


@pytest.mark.parametrize(
    "line",
    [
        "warning: the build cache cannot be read",
        "#7 DONE 3.1s",
        "# 1",
        "#x",
        "------",
        "Dockerfile:4",
    ],
)
def test_other_lines_are_given_back(line: str) -> None:
    assert read(*BEGUN, line)[1] == [line.encode()]
    assert read(line)[1] == [line.encode()]


def test_empty_lines_are_only_those_between_steps() -> None:
    assert read("", "git says", *BEGUN, "", "#1 DONE 0.1s", "")[1] == [b"", b"git says"]


def test_a_second_build_begins_anew() -> None:
    log, others = read(*BEGUN, "#1 CACHED", "warning: once more", *BEGUN, "#1 DONE 2.0s")
    assert (told(log), others) == (["   2.0 s  [2/3] RUN make"], [b"warning: once more"])


def test_what_a_failed_step_wrote_is_not_repeated_in_the_end() -> None:
    failed = [*BEGUN, "#1 0.1 bad", "#1 ERROR: exit code: 3", "------", " > [2/3] RUN make:"]
    log, others = read(*failed, "0.1 bad", "------", "Dockerfile:4", "ERROR: failed to solve")
    assert others == [b"Dockerfile:4", b"ERROR: failed to solve"]
    assert log.steps[0].written == [b"bad"]
    assert log.rest() == []
    unknown = [*failed[:-1], " > another:", "why", "------"]
    assert read(*unknown)[1] == [b"------\n > another:\nwhy\n------"]
    log, others = read(*failed, "0.1 bad")
    assert (log.rest(), others) == ([b" > [2/3] RUN make:", b"0.1 bad"], [])


@pytest.mark.parametrize("end", ["DONE 0.1s", "CACHED", "CANCELED"])
def test_what_a_step_wrote_is_forgotten_when_it_has_not_failed(end: str) -> None:
    assert read(*BEGUN, "#1 0.105 fine", f"#1 {end}")[0].steps[0].written == []


def test_the_first_build_as_recorded() -> None:
    log, others = sample("first")
    assert [line.partition("  [")[0].strip() for line in told(log)] == [
        *("5.1 s", "0.5 s", "2.6 s", "0.4 s", "3.4 s", "0.0 s", "0.0 s", "0.2 s"),
        "1.8 s  exporting to image",
    ]
    assert build_report.summary(log.steps, 20.0, 4.0) == (
        "built in 20.0 s: 0 of 6 steps cached, 4.0 s until it began, 6.6 s for the steps, "
        "5.6 s unpacking the base, 1.8 s push"
    )
    assert build_report.hint(log.steps) == ""
    [image] = others
    assert image.startswith(b"image: ")


def test_one_changed_line_as_recorded() -> None:
    log, _ = sample("copy")
    assert told(log)[-3:] == [
        "  cached  [stage-2 1/2] COPY --from=other /x /x (7.2 s unpacking the base)",
        "   0.1 s  [stage-2 2/2] COPY . .",
        "   0.3 s  exporting to image",
    ]
    assert build_report.summary(log.steps, 12.0, 0.0) == (
        "built in 12.0 s: 4 of 5 steps cached, 0.1 s for the other steps, "
        "7.2 s unpacking the base, 0.3 s push"
    )
    assert build_report.hint(log.steps) == (
        "`COPY . .` had the base unpacked (7.2 s); `COPY --link . .` would not"
    )


def test_a_failed_step_as_recorded() -> None:
    log, others = sample("fails")
    assert told(log)[-1].startswith("   error  [stage-2 3/3] RUN echo the weather is bad;")
    assert log.steps[-1].written[0] == b"the weather is bad"
    assert len(log.steps[-1].written) == 17
    assert (others[0], others[-2]) == (b"Dockerfile:9", b"--------------------")


@pytest.mark.parametrize(
    ("steps", "hinted"),
    [
        (["COPY . ."], "`COPY --link . .` would not"),
        (["ADD --chown=1 a b", "COPY --link . ."], "`ADD --link --chown=1 a b` would not"),
        (["COPY --link . ."], ""),
        (["COPY --chown=1 --link . ."], ""),
        (["COPY --from=other /x /x"], ""),
        (["COPY . .", "RUN make"], ""),  # it needs the base itself
        ([], ""),
    ],
)
def test_the_hint_to_link(steps: list[str], hinted: str) -> None:
    base = Step(name="[1/9] FROM x", ended=True, pulled=True, seconds=3.1)
    ran = [Step(name=f"[2/9] {text}", ended=True, seconds=0.1) for text in steps]
    hint = build_report.hint([base, *ran])
    assert hinted in hint
    assert bool(hinted) == bool(hint)
    base.seconds = 0.3
    assert build_report.hint([base, *ran]) == ""


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (0, "   3.0 s  [2/3] COPY --link . /a/long/path/of/an/app (2.0 s unpacking the base)"),
        (70, "   3.0 s  [2/3] COPY --link . /a/long/pa... (2.0 s unpacking the base)"),
        (20, "   3.0 s  [2/3] COPY --link... (2.0 s unpacking the base)"),
    ],
)
def test_a_long_line_is_cut(width: int, line: str) -> None:
    step = Step(name="[2/3] COPY --link . /a/long/path/of/an/app", seconds=3.0)
    step.unpacked[LAYER] = 2.0
    assert build_report.line(step, width=width) == line


def test_what_is_told_beside_the_steps_of_the_dockerfile() -> None:
    def is_told(name: str, **facts: object) -> bool:
        return build_report.is_told(Step(name=name, ended=True, **facts))  # type: ignore[arg-type]

    assert not is_told("[internal] load build context", seconds=0.9)
    assert is_told("[internal] load build context", seconds=1.0)
    assert not is_told("[1/3] FROM python:3", seconds=2.0)
    assert is_told("[1/3] FROM python:3", pulled=True)
    assert not is_told("[2/3] RUN make", canceled=True)
    cache = "importing cache manifest from r/app:cache"
    nothing = "failed to configure registry cache importer: r/app:cache: not found"
    assert not is_told(cache, error=nothing)
    assert is_told(cache, error="denied")
    line = build_report.line(Step(name=cache, error="denied"))
    assert line == f"   error  {cache}: denied"
