"""Where a password must not be seen."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.cluster.conftest import Namespace
from tests.conftest import Finished, Running


def everything(namespace: Namespace) -> str:
    """All objects of a namespace but the Secrets themselves, as text."""
    kinds = namespace.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name")
    # Kueue's come and go with the test that plays it, which may run beside this one.
    shown = [kind for kind in kinds.split() if kind != "secrets" and "kueue" not in kind]
    return namespace.kubectl("get", ",".join(shown), "--output=yaml")


def assert_in_none(passwords: Iterable[str], texts: Mapping[str, str]) -> None:
    """No text has a password, as it is or in base64."""
    for password in passwords:
        for secret in (password, base64.b64encode(password.encode()).decode()):
            found = [place for place, text in texts.items() if secret in text]
            assert found == [], f"{secret} is in {found}"


def assert_not_seen(password: str, namespace: Namespace, result: Finished) -> None:
    """Nobody has seen the password."""
    objects = everything(namespace)
    assert "kind: Job" in objects
    shown = {"objects": objects, "stdout": result.stdout, "stderr": result.stderr}
    assert_in_none([password], shown)


def arguments(running: Running) -> str:
    """Follow a command to its end; what stood in the arguments of it, of what it started and of
    all that runs in pods, as `ps` shows it. What lives for less than some hundredths of a second
    may not be seen.
    """
    seen: set[bytes] = set()
    pods = next(Path("/sys/fs/cgroup").rglob("*kubepods*"), None)
    while not running.ended:
        for pid in [*running.processes(), *(_members(pods) if pods else [])]:
            with contextlib.suppress(OSError):
                seen.add(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        time.sleep(0.02)  # all that it looks at needs the cores, too
    return b"\n".join(seen).decode(errors="replace")


def _members(control_group: Path) -> list[int]:
    """The processes of a control group and of those below it."""
    found = []
    for folder, _, _ in os.walk(control_group):  # which does without what goes away meanwhile
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in Path(folder, "cgroup.procs").read_text().split()]
    return found


def image_content(reference: str, environment: Mapping[str, str]) -> str:
    """All of an image: manifest, configuration with its history, and what is in its layers."""

    def crane(*argv: str) -> bytes:
        asked = ["crane", *argv]
        return subprocess.run(asked, check=True, capture_output=True, env=environment).stdout

    manifest = crane("manifest", reference)
    name = reference.partition("@")[0].rpartition(":")[0]
    layers = [crane("blob", f"{name}@{one['digest']}") for one in json.loads(manifest)["layers"]]
    parts = [manifest, crane("config", reference), *map(gzip.decompress, layers)]
    return b"\n".join(parts).decode("latin-1")
