# Says what runs.

print_status() {
  local name healthy=true wanted=("${components[@]}")
  [[ ! -e $run/kuberay.pid ]] || wanted+=(kuberay)
  for name in "${more_nodes[@]}"; do
    [[ ! -e $run/$name.pid ]] || wanted+=("$name" "$name"-{containerd,kubelet,kube-proxy})
  done
  for name in "${wanted[@]}"; do
    if runs "$name" && "ready_$name" >/dev/null 2>&1; then
      printf '%-24s running (pid %s)\n' "$name" "$(pid "$name")"
    elif runs "$name"; then
      printf '%-24s not ready (pid %s)\n' "$name" "$(pid "$name")"
      healthy=false
    else
      printf '%-24s stopped\n' "$name"
      healthy=false
    fi
  done
  for name in node_is_ready gpus_are_advertised coredns_answers; do
    if "$name" >/dev/null 2>&1; then
      printf '%-24s yes\n' "${name//_/ }"
    else
      printf '%-24s no\n' "${name//_/ }"
      healthy=false
    fi
  done
  "$healthy"
}

cluster_is_healthy() {
  print_status >/dev/null
}
