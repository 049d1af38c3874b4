# The node: a process that does nothing but hold namespaces of its own for processes, mounts and network. All
# daemons and containers live in there, so whatever happens, they end with it and leave nothing on the machine.

start_node() {
  mkdir -p "$run" "$state"
  # Pods keep many watches on files, and the limit is one for the whole machine.
  (($(sysctl -n fs.inotify.max_user_instances) >= 1024)) || sysctl --quiet --write fs.inotify.max_user_instances=1024
  # Built into some kernels, so these may fail; what is really missing shows later.
  modprobe --quiet --all overlay veth nf_tables 2>/dev/null || true

  create_control_group "" "$control_group"
  hold node
  join_networks
  touch "$run/node-is-complete" # an interrupted start begins anew
}

# hold NODE ARGUMENTS OF hold-node.sh: starts the process that is the node.
hold() {
  rm -f "$run/$1-is-prepared"
  # shellcheck disable=SC2016
  env "$mark=$home:$1" setsid --wait unshare --mount --propagation slave --net --pid -- \
    bash -c '"$@" & echo $! >"$0"' "$run/$1.pid" bash "$sources/hold-node.sh" "$run/$1-is-prepared" "${@:2}" \
    </dev/null >"$logs/$1.log" 2>&1 9>&-
  wait_for "$1" test -e "$run/$1-is-prepared"
}

# create_control_group PARENT NAME: one for version 2 of control groups, or one for each controller of version 1.
create_control_group() {
  local root controller controllers
  for root in $(control_group_roots); do
    root+=/$1
    # Version 2 hands a controller down only where it is told to, and the kubelet insists on all there are.
    controllers=()
    [[ ! -f $root/cgroup.controllers ]] || read -ra controllers <"$root/cgroup.controllers" || true
    for controller in "${controllers[@]}"; do
      echo "+$controller" >"$root/cgroup.subtree_control" || true
    done
    mkdir -p "$root/$2"
  done
}

control_group_roots() {
  awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts
}

# The folder of another cluster of this kind that is up. There can be only one, as all use the same addresses.
other_cluster() {
  cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | sed -n "s|^$mark=\(.*\):node$|\1|p" | grep -vxF "$home" || true
}

# One cable between host and node. The node gets no default route: traffic to a Service that is not there would
# otherwise leave the machine and reach strangers.
join_networks() {
  ip link delete ks0 2>/dev/null || true
  ip link add ks0 type veth peer name eth0 netns "$(pid node)"
  ip address add "$host_address/24" dev ks0
  ip link set ks0 up
  in_node ip address add "$node_address/24" dev eth0
  in_node ip link set eth0 up
  in_node ip route add "$service_network" dev eth0 # any route will do: addresses of Services are translated
  in_node sysctl --quiet --write net.ipv4.ip_forward=1
  ip route replace "$pod_network" via "$node_address" # the host answers pods: the git server
}
