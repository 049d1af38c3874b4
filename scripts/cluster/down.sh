# Stops the cluster. Everything of it lives in the node's namespaces, so this is the end of one process.

stop_cluster() {
  [[ -z $(other_cluster) ]] || return 0 # then this one is down, and the control groups are not ours
  local node begin=$SECONDS
  ! node=$(pid node) || kill -KILL "$node"
  end_our_processes # the same, if somebody has removed the folder with the process ids
  until everything_has_ended; do
    ((SECONDS - begin < 300)) || fail "processes do not end, see /sys/fs/cgroup/*/$control_group and: $(our_processes)"
    sleep 0.05
  done
  [[ -z $node ]] || ip link delete ks0 2>/dev/null || true # the kernel does the same, a little later
  rm -rf "$run" "$state"
}

# Daemons are known by our mark, containers by their control groups, which can be removed when nothing runs there.
everything_has_ended() {
  [[ -z $(our_processes) ]] && remove_control_groups
}

# our_processes [NODE]: those of one of the further nodes, or all.
our_processes() {
  grep --files-with-matches --null-data "^$mark=$home:${1-}" /proc/[0-9]*/environ 2>/dev/null || true
}

end_our_processes() {
  local found
  for found in $(our_processes); do
    kill -KILL "$(cut -d/ -f3 <<<"$found")" 2>/dev/null || true
  done
}

remove_control_groups() {
  local root
  for root in $(control_group_roots); do
    [[ ! -d $root/$control_group ]] || find "$root/$control_group" -depth -type d -exec rmdir {} + 2>/dev/null || return 1
  done
}
