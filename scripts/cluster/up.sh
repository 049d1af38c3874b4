# Starts the cluster, or those parts of it that do not run, and returns when it can be used.

start_cluster() {
  local begin=$SECONDS
  all_installed "${parts[@]}" || fail "not (or not completely) installed: run scripts/local-cluster install"
  if cluster_is_healthy; then
    echo "The cluster is up already."
    return
  fi
  local other
  other=$(other_cluster)
  [[ -z $other ]] || fail "another cluster is up, the one in $other"
  if ! ready_node; then
    stop_cluster  # the traces of a crash
    configure_all # only now: kube-proxy ends when it sees its file being written
    start_node
  fi
  configure_private
  start_missing etcd kube-apiserver containerd registry localhost-registry git-server buildkitd
  start_missing private-registry localhost-private-registry git-http git-ssh
  # The next ones end when what they need is not there a few seconds after they began.
  wait_for etcd ready_etcd
  wait_for kube-apiserver ready_kube-apiserver
  wait_for containerd ready_containerd
  start_missing kube-controller-manager kube-scheduler kubelet kube-proxy
  wait_for kube-apiserver kubectl apply --filename="$etc/coredns.yaml"
  local name
  for name in "${components[@]}"; do
    wait_for "$name" "ready_$name"
  done
  wait_for kubelet node_is_ready
  advertise_gpus node1 4
  create_builder
  wait_for kube-controller-manager kubectl get serviceaccount default --namespace=default
  wait_for kubelet coredns_answers
  echo "The cluster is up, after $((SECONDS - begin)) s."
}

kubectl() {
  KUBECONFIG=$etc/admin.conf "$bin/kubectl" --request-timeout=60s "$@"
}

start_missing() {
  local name
  for name; do
    runs "$name" || "start_$name"
  done
}

configure_all() {
  rm -rf "$logs"
  mkdir -p "$logs" "$registry" "$buildkit" "$git"
  create_certificates >"$logs/certificates.log" 2>&1
  create_kubeconfigs
  configure containerd.toml "$etc/containerd.toml"
  configure hosts.toml "$etc/registries/registry.test:5000/hosts.toml"
  configure cni.conflist "$etc/cni/local.conflist"
  configure kubelet.yaml "$etc/kubelet.yaml"
  configure kube-proxy.yaml "$etc/kube-proxy.yaml"
  configure coredns.yaml "$etc/coredns.yaml"
  configure registry.yml "$etc/registry.yml"
  configure buildkitd.toml "$etc/buildkitd.toml"
  echo "nameserver 127.0.0.1" >"$etc/resolv.conf"
}

# advertise_gpus NODE COUNT: no device is needed for a node to offer GPUs. It keeps what it is said to have while its
# kubelet runs.
advertise_gpus() {
  wait_for kube-apiserver kubectl patch node "$1" --subresource=status --type=json \
    --patch='[{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "'"$2"'"},
              {"op": "add", "path": "/status/allocatable/nvidia.com~1gpu", "value": "'"$2"'"}]'
  wait_for kube-apiserver gpus_are_advertised "$1" "$2"
}

# Tells buildx of the builder for local builds.
create_builder() {
  [[ -f $docker/config.json ]] || echo '{}' >"$docker/config.json"
  DOCKER_CONFIG=$docker "$bin/docker" buildx inspect local >/dev/null 2>&1 ||
    DOCKER_CONFIG=$docker "$bin/docker" buildx create --name local --driver remote "unix://$run/buildkitd.sock" >/dev/null
}
