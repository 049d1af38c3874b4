# Two more nodes, for those who ask for them. Each is a process that holds namespaces of its own, as the first one is,
# with its own containerd, kubelet and kube-proxy. Both have a taint: nothing runs there that does not tolerate it.
#
#   node2   other GPUs, and a small disk, which a test may fill
#   node3   a test may end it; what is on its disk outlives it, as on a machine that is started again
#
# The grace period after which Kubernetes takes a node for lost stays at its 50 s: a shorter one would take the first
# node away from every test of a busy machine. A test shortens what comes after it, by a toleration of its pod.
#
# The first node is the router: nothing on the host forwards packets, and no node has a route out of the machine.

more_nodes=(node2 node3)
pods_of_all=10.244.0.0/15 # pod_network, which is all the first node's, and the next one
pods_of_more=10.245.0.0/16
disk_size=512M # of node2

start_nodes() {
  local node begin=$SECONDS
  for node in "${more_nodes[@]}"; do
    node_is_whole "$node" || start_more "$node"
  done
  for node in "${more_nodes[@]}"; do
    wait_for "$node-kubelet" node_is_ready "$node"
    wait_for "$node-kube-proxy" "ready_$node-kube-proxy"
  done
  advertise_gpus node2 8
  echo "node2 and node3 are up, after $((SECONDS - begin)) s."
}

# start_more NODE: from nothing, or what does not run of it.
start_more() {
  if ! runs "$1"; then
    end_traces_of "$1"
    configure_more "$1"
    create_control_group "$control_group" "$1"
    hold_more "$1"
    join "$1"
  fi
  runs "$1-containerd" || start "$1-containerd" "$1" env SSL_CERT_DIR="$etc/company" containerd --config "$etc/$1/containerd.toml"
  wait_for "$1-containerd" "ready_$1-containerd"
  runs "$1-kubelet" || start "$1-kubelet" "$1" kubelet --config="$etc/$1/kubelet.yaml" \
    --kubeconfig="$etc/$1/kubelet.conf" --root-dir="$state/$1/kubelet" --hostname-override="$1" \
    --node-ip="10.200.${1#node}.2" --register-with-taints="$(taint_of "$1")" --node-labels="$(labels_of "$1")"
  runs "$1-kube-proxy" || start "$1-kube-proxy" "$1" kube-proxy --config="$etc/$1/kube-proxy.yaml"
}

taint_of() {
  case $1 in
  node2) echo "nvidia.com/gpu=present:NoSchedule" ;;
  node3) echo "example.com/spot=true:NoSchedule" ;;
  esac
}

labels_of() {
  case $1 in
  node2) echo "nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3" ;;
  node3) echo "example.com/spot=true" ;;
  esac
}

# The same files as those of the first node, in a folder of its own for each node.
configure_more() {
  local node_name=$1 pods=10.245.${1#node}.0/24 free_disk=$free_disk shared=$etc
  [[ $1 != node2 ]] || free_disk=25%
  [[ -f $etc/pki/$1.crt ]] || certificate "$1" ca "/O=system:nodes/CN=system:node:$1" clientAuth 2>>"$logs/certificates.log"
  kubeconfig "$1"
  local etc=$etc/$1 run=$run/$1 state=$state/$1 control_group=$control_group/$1
  rm -rf "$etc"
  mkdir -p "$etc" "$run" "$state"
  ln -s "$shared"/{pki,resolv.conf,kube-proxy.conf} "$etc/"
  mv "$shared/$1.conf" "$etc/kubelet.conf"
  configure containerd.toml "$etc/containerd.toml"
  configure hosts.toml "$etc/registries/registry.test:5000/hosts.toml"
  configure hosts-private.toml "$etc/registries/registry.test:5001/hosts.toml"
  configure cni.conflist "$etc/cni/local.conflist"
  configure kubelet.yaml "$etc/kubelet.yaml"
  configure kube-proxy.yaml "$etc/kube-proxy.yaml"
}

hold_more() {
  if [[ $1 == node2 ]]; then
    hold "$1" "$state/$1" "$disk_size"
  else
    hold "$1"
  fi
}

# join NODE: one cable from the first node, which forwards between all of them.
join() {
  local network=10.200.${1#node}
  in_node ip link delete "$1" 2>/dev/null || true
  in_node ip link add "$1" type veth peer name eth0 netns "$(pid "$1")"
  in_node ip address add "$network.1/24" dev "$1"
  in_node ip link set "$1" up
  in_network_of "$1" ip address add "$network.2/24" dev eth0
  in_network_of "$1" ip link set eth0 up
  in_network_of "$1" ip route add "$node_network" via "$network.1"
  in_network_of "$1" ip route add "$pods_of_all" via "$network.1"
  in_network_of "$1" ip route add "$service_network" dev eth0
  in_network_of "$1" sysctl --quiet --write net.ipv4.ip_forward=1
  in_node ip route replace "10.245.${1#node}.0/24" via "$network.2"
  ip route replace "$node_network" via "$node_address"
  ip route replace "$pods_of_more" via "$node_address"
}

ready_node2() { runs node2; }
ready_node3() { runs node3; }
ready_node2-containerd() { "$debian/usr/bin/ctr" --address "$run/node2/containerd.sock" version; }
ready_node3-containerd() { "$debian/usr/bin/ctr" --address "$run/node3/containerd.sock" version; }
ready_node2-kubelet() { listens node2 127.0.0.1 10248; }
ready_node3-kubelet() { listens node3 127.0.0.1 10248; }
ready_node2-kube-proxy() { listens node2 127.0.0.1 10256; }
ready_node3-kube-proxy() { listens node3 127.0.0.1 10256; }

node_is_whole() {
  local name
  for name in "$1" "$1"-{containerd,kubelet,kube-proxy}; do
    runs "$name" || return 1
  done
}

# Stops both, and lets the cluster forget them.
stop_nodes() {
  local node
  for node in "${more_nodes[@]}"; do
    end_traces_of "$node"
    rm -rf "${state:?}/$node" "${run:?}/$node" "$run/$node"{,-*}.pid "$run/$node-is-prepared"
    ! runs kube-apiserver || forget "$node"
  done
  ! runs node || ip route delete "$node_network" 2>/dev/null || true
  ! runs node || ip route delete "$pods_of_more" 2>/dev/null || true
}

# end_traces_of NODE: everything lives in its namespaces, so this is the end of one process.
end_traces_of() {
  local number begin=$SECONDS control_group=$control_group/$1
  ! number=$(pid "$1") || kill -KILL "$number"
  until [[ -z $(our_processes "$1") ]] && remove_control_groups; do
    ((SECONDS - begin < 300)) || fail "processes of $1 do not end, see $(our_processes "$1")"
    sleep 0.05
  done
}

# forget NODE: nobody will report the end of the pods that were there.
forget() {
  wait_for kube-apiserver kubectl delete node "$1" --ignore-not-found
  wait_for kube-apiserver kubectl delete pods --all-namespaces --field-selector="spec.nodeName=$1" \
    --force --grace-period=0 --wait=false
}
