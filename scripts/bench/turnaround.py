"""The loop edit, submit, see: what a build costs after a one-line change.

Against docker buildx with a warm builder on this machine, and `kubectl run`. Commit and push are no
part of it. The Dockerfile has a step of 10 s and 200 MB, and copies the code after it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.measuring import (
    IMAGE,
    MB,
    SUBMIT,
    Report,
    namespace,
    registry_bytes,
    run,
    seconds,
)

ROUNDS = 5
REGISTRIES = Path(__file__).parents[1] / "cluster" / "config" / "buildkitd-rootless.toml"
STEP = "RUN echo {} && head -c 200000000 /dev/urandom > /data && sleep 8\n"


@dataclass(frozen=True)
class Project:
    """A repository of one file beside its Dockerfile."""

    folder: Path
    namespace: str

    def begin(self, copy: str, step: str = STEP, base: str = IMAGE) -> None:
        """A Dockerfile whose step nobody has run before: each `{}` in it becomes a new name."""
        step = step.replace("{}", str(uuid.uuid4()))
        self.write_dockerfile(f"FROM {base}\n{step}WORKDIR /app\n{copy}\n")

    def write_dockerfile(self, text: str) -> None:
        """What docker builds from now on."""
        (self.folder / "Dockerfile").write_text(text, encoding="utf-8")

    def change(self) -> str:
        """Change a line, commit and push; what the program will say."""
        said = f"{uuid.uuid4()}\n"
        (self.folder / "said.txt").write_text(said, encoding="utf-8")
        for argv in (["add", "."], ["commit", "-qm", said], ["push", "-q", "origin", "HEAD:main"]):
            run("git", "-C", str(self.folder), *argv)
        return said

    def submit(self, *flags: str) -> float:
        """The seconds of a submit after a change."""
        said = self.change()
        argv = [SUBMIT, "-n", self.namespace, "-q", *flags, "--", "cat", "said.txt"]
        begun = time.perf_counter()
        ran = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - begun
        assert (ran.returncode, ran.stdout) == (0, said), ran.stderr
        return taken

    def submit_again(self) -> float:
        """The seconds of a submit of a commit whose image exists."""
        return seconds(self._run)

    def submit_image(self) -> float:
        """The seconds of a submit that builds nothing."""
        return seconds(lambda: self._run(f"--image={IMAGE}"))

    def _run(self, *flags: str) -> None:
        argv = [SUBMIT, "-n", self.namespace, "-q", *flags, "--", "true"]
        subprocess.run(argv, cwd=self.folder, capture_output=True, check=True)

    def create_builder(self) -> None:
        """Make a BuildKit that stays in the namespace."""
        create = [SUBMIT, "builder", "create", "-n", self.namespace, "--storage=0"]
        run(*create, f"--buildkitd-config={REGISTRIES}")

    def push(self, tag: str) -> str:
        """Build with docker and push; the image's name in the cluster."""
        here = os.environ["KUBECTL_SUBMIT_IMAGE_REPOSITORY"]
        inside = os.environ.get("KUBECTL_SUBMIT_PULL_REPOSITORY", here)
        run("docker", "buildx", "build", "-q", "--push", "--provenance=false", "-t",
            f"{here}:{tag}", str(self.folder))  # fmt: skip
        return f"{inside}:{tag}"

    def by_hand(self) -> float:
        """The seconds of docker and kubectl after a change."""
        self.change()
        return seconds(self._by_hand)

    def _by_hand(self) -> None:
        name = f"by-hand-{uuid.uuid4().hex[:8]}"
        argv = ["kubectl", "run", "-n", self.namespace, name, f"--image={self.push(name)}"]
        argv += ["--attach", "--rm", "--quiet", "--restart=Never", "--", "cat", "said.txt"]
        run(*argv)  # which shows nothing of a container that ended before kubectl was attached


@contextlib.contextmanager
def project(name: str) -> Iterator[Project]:
    """A repository on the local git server, for as long as it is measured."""
    bare = Path(os.environ["LOCAL_GIT_ROOT"]) / f"bench-{uuid.uuid4().hex[:8]}.git"
    url = f"{os.environ['LOCAL_GIT']}/{bare.name}"
    with tempfile.TemporaryDirectory() as folder:
        run("git", "init", "-q", "--bare", "--initial-branch=main", str(bare))
        run("git", "init", "-q", "--initial-branch=main", folder)
        for argv in (["user.name", "Ada"], ["user.email", "ada@example.org"]):
            run("git", "-C", folder, "config", *argv)
        run("git", "-C", folder, "remote", "add", "origin", url)
        try:
            yield Project(Path(folder), name)
        finally:
            shutil.rmtree(bare)


def measure(report: Report) -> None:
    """The first build, and those after a one-line change."""
    with namespace() as name, project(name) as made:
        for copy, bar in (("COPY . .", 7.0), ("COPY --link . .", 2.5)):
            made.begin(copy)
            cold = made.submit()
            made.by_hand()  # which fills the cache of docker's builder
            report.line(f"first remote build, {copy}", f"{cold:7.2f} s")
            ours, bare = medians(made.submit, made.by_hand)
            report.ratio(f"changed line, remote, {copy} | by hand", ours, bare, bar)
        _with_builder(made, report)
        ours, bare = medians(lambda: made.submit("--build=local"), made.by_hand)
        report.ratio("changed line, local | by hand", ours, bare, 1.2)
        ours, bare = medians(made.submit_again, made.submit_image)
        report.ratio("same commit again | --image", ours, bare, 1.3)


def _with_builder(made: Project, report: Report) -> None:
    """The same with a BuildKit that stays in the namespace."""
    made.create_builder()
    made.begin("COPY . .")
    report.line("first remote build, a builder that stays", f"{made.submit():7.2f} s")
    made.by_hand()
    ours, bare = medians(made.submit, made.by_hand)
    report.ratio("changed line, remote, a builder that stays | by hand", ours, bare, 2.2)
    measure_bytes(made, report)


def measure_bytes(made: Project, report: Report) -> None:
    """What the registries had to send and to store for a changed line, on the local cluster."""
    before = registry_bytes()
    made.submit()
    if before:
        report.most("  … written by the registries", (registry_bytes() - before) / MB, "MB", 5)


def medians(
    ours: Callable[[], float], bare: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Measured in turns, so that noise hits both alike."""
    pairs = [(ours(), bare()) for _ in range(rounds)]
    return statistics.median(one for one, _ in pairs), statistics.median(two for _, two in pairs)
