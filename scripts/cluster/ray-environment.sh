#!/usr/bin/env bash
# Puts Ray into the root folder given as the argument; after it the version and a work folder.
# The wheels are fetched from outside, where the machine's own settings for pip hold.
set -euo pipefail
root=$1 version=$2 work=$3

python=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
python3 -m venv "$work/pip"
"$work/pip/bin/pip" download --quiet --only-binary=:all: --python-version "$python" --dest "$root/wheels" \
  "ray[default]==$version"
chroot "$root" python3 -m venv /opt/ray
chroot "$root" /opt/ray/bin/pip install --quiet --no-index --find-links=/wheels "ray[default]==$version"
rm -r "$root/wheels"
