#!/usr/bin/env bash
# The first process of the node. Says by the file given as the argument that the node is prepared.
set -euo pipefail

mount -t proc proc /proc
mount --make-rshared / # the kubelet's volumes must appear in containers
# Daemons keep files at these places. They would stay after the node's end, so they are kept in memory.
for folder in /run/containerd /run/netns /run/runc /var/lib/cni /var/log/containers; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
ip link set lo up
touch "$1"
trap '' CHLD # ignored: the kernel itself buries orphans that end
exec sleep infinity
