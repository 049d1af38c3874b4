#!/usr/bin/env bash
# The first process of a node. Arguments: the file by which it says that the node is prepared, and, for a node with
# a small disk, the folder that is that disk, and its size.
set -euo pipefail

mount -t proc proc /proc
mount --make-rshared / # the kubelet's volumes must appear in containers
# Daemons keep files at these places. They would stay after the node's end, so they are kept in memory.
for folder in /run/containerd /run/netns /run/runc /var/lib/cni /var/lib/kubelet /var/log/containers; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
[[ -z ${2-} ]] || mount -t tmpfs -o "size=$3" tmpfs "$2"
ip link set lo up
touch "$1"
trap '' CHLD # ignored: the kernel itself buries orphans that end
exec sleep infinity
