"""The SBOM of the single file: the packages that it holds, in the JSON of CycloneDX 1.6.

It is the same for the same single file, and so has no time in it.
"""

from __future__ import annotations

import email.parser
import hashlib
import json
import re
import uuid
import zipfile
from collections.abc import Iterable
from email.message import Message
from pathlib import Path
from typing import Any

NAME = "kubectl-submit.cdx.json"
SOURCE = "https://github.com/kubectl-submit/kubectl-submit"


def document(program: bytes, version: str, wheels: Iterable[Path]) -> str:
    """The document for a single file that was made of this project and of these wheels."""
    ours = _program(program, version)
    packages = [_package(wheel) for wheel in wheels]
    names = [package["bom-ref"] for package in packages]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([ours, packages])).urn,
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": ours},
        "components": packages,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": names}],
    }
    return json.dumps(bom, indent=2) + "\n"


def _program(program: bytes, version: str) -> dict[str, Any]:
    identity = f"pkg:github/kubectl-submit/kubectl-submit@v{version}"
    return {
        "type": "application",
        "bom-ref": identity,
        "name": "kubectl-submit",
        "version": version,
        "hashes": _hashes(program),
        "licenses": [{"expression": "Apache-2.0"}],
        "purl": identity,
        "externalReferences": [{"type": "vcs", "url": SOURCE}],
    }


def _package(wheel: Path) -> dict[str, Any]:
    metadata = _metadata(wheel)
    name, version = metadata["Name"], metadata["Version"]
    identity = f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"
    return {
        "type": "library",
        "bom-ref": identity,
        "name": name,
        "version": version,
        "hashes": _hashes(wheel.read_bytes()),
        "licenses": _licenses(metadata),
        "purl": identity,
    }


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [path] = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        text = archive.read(path).decode("utf-8")
    return email.parser.Parser().parsestr(text, headersonly=True)


def _licenses(metadata: Message) -> list[dict[str, Any]]:
    """The license as SPDX writes it, or in the package's own words."""
    if expression := metadata["License-Expression"]:
        return [{"expression": expression}]
    return [{"license": {"name": metadata["License"]}}] if metadata["License"] else []


def _hashes(content: bytes) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
