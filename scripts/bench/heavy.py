"""A changed line on a base of 3 GB and a step of 2 GB, none of which can be compressed.

Takes half an hour and 40 GB of disk. `HEAVY=0.1` measures a tenth of it.
"""

from __future__ import annotations

import os
import uuid

from scripts.bench.measuring import IMAGE, MB, Report, namespace, registry_bytes, run
from scripts.bench.turnaround import REGISTRIES, Project, medians, project

SIZE = float(os.environ.get("HEAVY", "1"))
BASE, STEP = int(300 * SIZE), int(200 * SIZE)
FILE = 10 * MB
ROUNDS = 3


def measure(report: Report) -> None:
    """With `COPY --link` and the cache in the registry, then with a builder that stays."""
    with namespace() as name, project(name) as made:
        base = push_base(made)
        begin(made, base, "COPY --link . .")
        report.line(f"first build, {BASE + STEP} files of 10 MB", f"{made.submit():7.2f} s")
        made.by_hand()
        compare(report, made, "COPY --link")
        run(*made.create_builder(), f"--buildkitd-config={REGISTRIES}")
        begin(made, base, "COPY . .")
        report.line("the same, a builder that stays", f"{made.submit():7.2f} s")
        made.by_hand()
        compare(report, made, "a builder that stays")


def compare(report: Report, made: Project, what: str) -> None:
    """The time of a changed line, and what the registry had to send and receive for it."""
    ours, bare = medians(made.submit, made.by_hand, rounds=ROUNDS)
    report.ratio(f"changed line, {SIZE * 5:g} GB, {what} | by hand", ours, bare, 3.0)
    before = registry_bytes()
    made.submit()
    if before is not None:
        moved = ((registry_bytes() or 0) - before) / MB
        report.most("  bytes that the registries wrote for it", moved, "MB", 5)


def push_base(made: Project) -> str:
    """An image of that size in the registry; its name for builds."""
    here = os.environ["KUBECTL_SUBMIT_IMAGE_REPOSITORY"]
    inside = os.environ.get("KUBECTL_SUBMIT_PULL_REPOSITORY", here)
    text = f"FROM {IMAGE}\n{random_files(BASE, 'base')}"
    (made.folder / "Dockerfile").write_text(text, encoding="utf-8")
    tag = f"heavy-{uuid.uuid4().hex[:8]}"
    run("docker", "buildx", "build", "-q", "--push", "--provenance=false", "-t", f"{here}:{tag}",
        str(made.folder))  # fmt: skip
    return f"{inside}:{tag}"


def begin(made: Project, base: str, copy: str) -> None:
    """A Dockerfile on that base, with a step that nobody has run before."""
    step = random_files(STEP, str(uuid.uuid4()))
    text = f"FROM {base}\n{step}WORKDIR /app\n{copy}\n"
    (made.folder / "Dockerfile").write_text(text, encoding="utf-8")


def random_files(count: int, folder: str) -> str:
    """A step that writes so many files of 10 MB."""
    return (
        f"RUN mkdir /{folder} && for i in $(seq {count}); "
        f"do head -c {FILE} /dev/urandom > /{folder}/$i; done\n"
    )
