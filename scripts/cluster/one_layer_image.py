#!/usr/bin/env python3
"""Make an image archive, as `crane push` reads it, from the tar of a root file system."""

import argparse
import hashlib
import io
import json
import tarfile
from pathlib import Path

EPOCH = "1970-01-01T00:00:00Z"


def main() -> None:
    """Read the command line and write the archive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layer", type=Path, help="tar of the root file system")
    parser.add_argument("archive", type=Path, help="image archive to write")
    parser.add_argument("--architecture", required=True, help="amd64 or arm64")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--user", default="")
    parser.add_argument("--volume", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--entrypoint", type=json.loads, default=[], metavar="JSON")
    parser.add_argument("--command", type=json.loads, default=[], metavar="JSON")
    arguments = parser.parse_args()
    write(arguments.archive, arguments.layer, image_config(arguments))


def image_config(arguments: argparse.Namespace) -> dict[str, object]:
    """Describe how the image runs; times are fixed: equal files make an equal image."""
    return {
        "architecture": arguments.architecture,
        "os": "linux",
        "created": EPOCH,
        "config": {
            "Env": arguments.env,
            "User": arguments.user,
            "Volumes": {folder: {} for folder in arguments.volume},
            "Entrypoint": arguments.entrypoint,
            "Cmd": arguments.command,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [sha256(arguments.layer)]},
        "history": [{"created": EPOCH, "created_by": "one_layer_image.py"}],
    }


def sha256(path: Path) -> str:
    """Give the digest of a file, as images name it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"


def write(archive: Path, layer: Path, config: dict[str, object]) -> None:
    """Put configuration, layer and table of contents together."""
    manifest = [{"Config": "config.json", "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        add_json(tar, "config.json", config)
        add_json(tar, "manifest.json", manifest)
        tar.add(layer, "layer.tar")


def add_json(tar: tarfile.TarFile, name: str, value: object) -> None:
    """Add one JSON file."""
    content = json.dumps(value).encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    main()
