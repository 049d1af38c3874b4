"""A repository of 50 000 files, one of which changes between builds.

Against docker buildx of the working tree with the same Dockerfile, and `kubectl run`; and, for the
build in the cluster, against the same with 50 files.
"""

from __future__ import annotations

import uuid

from scripts.bench.measuring import IMAGE, Report, namespace
from scripts.bench.turnaround import Project, medians, project

FILES = 50_000
DOCKERFILES = {
    "all of them": "COPY . .",
    "one of them": "COPY said.txt .",
}


def measure(report: Report) -> None:
    """Local builds, then remote ones."""
    with namespace() as name, project(name) as large, project(name) as small:
        fill(large, FILES)
        fill(small, 50)
        for what, copy in DOCKERFILES.items():
            for one in (large, small):
                write_dockerfile(one, copy)
            report.line(f"first local build, {what}", f"{large.submit('--build=local'):7.2f} s")
            large.by_hand()  # which fills the cache of docker's builder
            ours, bare = medians(lambda: large.submit("--build=local"), large.by_hand)
            report.ratio(f"50 000 files, local, {what} | by hand", ours, bare, 1.5)
        ours, bare = medians(large.submit, small.submit, rounds=3)
        report.line("50 000 files, remote | 50", f"{ours:7.2f} s  {bare:7.2f} s")


def fill(one: Project, files: int) -> None:
    """Small files in many folders."""
    for number in range(files):
        path = one.folder / f"{number // 1000}/{number // 100 % 10}/{number}.py"
        if number % 100 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {uuid.uuid4()}\n" + f"x{number} = {number}\n" * 40, encoding="utf-8")


def write_dockerfile(one: Project, copy: str) -> None:
    """What the image takes from the repository."""
    one.write_dockerfile(f"FROM {IMAGE}\nWORKDIR /app\n{copy}\n")
