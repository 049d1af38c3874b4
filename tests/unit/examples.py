"""Values to begin with, where a test cares only for some of their fields."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from kubectl_submit.cli.options import Options
from kubectl_submit.execution_backends.ray.parameters import RayParameters
from kubectl_submit.model.execution import Execution
from kubectl_submit.model.image import Image
from kubectl_submit.model.provenance import Source
from kubectl_submit.parameters import recipe
from kubectl_submit.parameters.build_cache import BuildCache
from kubectl_submit.parameters.build_parameters import BuildParameters
from kubectl_submit.parameters.execution_parameters import ExecutionParameters

DIGEST = "sha256:" + "5d" * 32
COMMIT = "0123456789" * 4
RECIPE = "5d" * 10
SOURCE = Source(
    created_by="ada@example.com",
    commit=COMMIT,
    branch="main",
    remote="https://git.example/team/app.git",
)


def execution_parameters(**changes: Any) -> ExecutionParameters:
    """A plain run, but for these fields, and for these options of a submit."""
    plain: dict[str, Any] = {
        "name": "app-0123456-x2k4z",
        "source": SOURCE,
        "image": Image(name="registry.example/app", digest=DIGEST),
        "argv": ("python", "train.py"),
        "new_secrets": (),
        "registry_secret": None,
        "own": RayParameters(),
    }
    fields = {field.name for field in dataclasses.fields(ExecutionParameters)}
    asked = {name: value for name, value in changes.items() if name not in fields}
    if asked.get("manifest"):
        asked["manifest"] = str(asked["manifest"])
    own = {name: value for name, value in changes.items() if name in fields}
    return ExecutionParameters(**(plain | {"options": Options(**asked)} | own))


def build_parameters(**changes: Any) -> BuildParameters:
    """A plain build, but for these fields."""
    plain: dict[str, Any] = {
        "name": "app-0123456-x2k4z",
        "source": SOURCE,
        "root": Path("/project"),
        "via_remote": "",
        "unconfirmed": "",
        "fetch_url": "https://git.example/team/app.git",
        "push_name": "localhost:5000/app",
        "pull_name": "registry.example/app",
        "tag": COMMIT,
        "recipe": RECIPE,
        "dockerfile": "Dockerfile",
        "context": ".",
        "target": None,
        "build_args": (),
        "platform": None,
        "cache": BuildCache(),
        "cache_from": (),
        "cache_to": (),
        "secrets": (),
        "new_secrets": (),
        "rebuild": False,
        "cpu": None,
        "memory": None,
        "queue": None,
        "priority": None,
        "registry_secret": None,
        "git_secret": None,
        "proxy_secret": None,
        "service_account": None,
        "manifest": None,
        "builder_image": None,
        "buildkit_image": None,
        "buildx_builder": None,
    }
    return BuildParameters(**(plain | changes))


BUILD_JOB = recipe.job_name(f"registry.example/app:{COMMIT}", COMMIT, RECIPE)
"""The name of the Job of a plain build."""


def inspected(digest: str, *platforms: str) -> str:
    """What `docker buildx imagetools inspect` says of an image, by default for linux/amd64."""
    configurations = [
        dict(zip(("os", "architecture"), one.split("/"), strict=True)) for one in platforms
    ]
    image: Any = dict(zip(platforms, configurations, strict=True))
    if len(platforms) < 2:
        image = configurations[0] if configurations else {"os": "linux", "architecture": "amd64"}
    return json.dumps({"name": "app", "manifest": {"digest": digest}, "image": image})


def execution(**changes: Any) -> Execution:
    """One worker in the namespace team, but for these fields."""
    plain: dict[str, Any] = {
        "kind": "job",
        "name": "app-0123456-x2k4z",
        "namespace": "team",
        "uid": "12345678-1234-1234-1234-123456789abc",
        "object_path": "/apis/batch/v1/namespaces/team/jobs",
        "workers": 1,
        "pod_selector": "batch.kubernetes.io/job-name=app-0123456-x2k4z",
        "container": "main",
    }
    return Execution(**(plain | changes))
