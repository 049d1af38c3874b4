#!/usr/bin/env bash
# Adds the user of the BuildKit image to the root folder given as the argument.
set -euo pipefail
root=$1

echo user:x:1000:1000::/home/user:/bin/sh >>"$root/etc/passwd"
echo user:x:1000: >>"$root/etc/group"
echo user:100000:65536 >"$root/etc/subuid"
echo user:100000:65536 >"$root/etc/subgid"
mkdir -p "$root/run/user/1000"
chown -R 1000:1000 "$root/home/user" "$root/run/user/1000"

# With Debian's setuid bit instead, a rootless start fails in a container: "write to uid_map failed".
chmod u-s "$root"/usr/bin/new{u,g}idmap
setcap cap_setuid+ep "$root/usr/bin/newuidmap"
setcap cap_setgid+ep "$root/usr/bin/newgidmap"
