# Ray and KubeRay, for those who ask for them: an image with Ray in it, and KubeRay's operator, which runs beside the
# cluster's own daemons. It comes from the Go module proxy. An operator that the proxy does not have is given by
# KUBERAY_VERSION, KUBERAY_OPERATOR (the program) and KUBERAY_CRDS (the folder config/crd/bases of its sources).

kuberay=$home/kuberay/$kuberay_version # the operator, and the folder crds

install_ray() {
  [[ -z ${KUBERAY_OPERATOR-} || -n ${KUBERAY_CRDS-} && -n ${KUBERAY_VERSION-} ]] ||
    fail "KUBERAY_OPERATOR needs KUBERAY_CRDS and KUBERAY_VERSION beside it"
  install_parts "ray $ray_version-1"
  alone "$build/kuberay.lock" install_missing_kuberay
}

build_ray() {
  bootstrap bash,python3,python3-venv,wget,procps,ca-certificates \
    --customize-hook="bash '$sources/ray-environment.sh' \"\$1\" $ray_version '$PWD'"
  push "ray:$ray_version" --command '["bash"]' --env PATH=/opt/ray/bin:/usr/local/bin:/usr/bin:/bin \
    --env RAY_USAGE_STATS_ENABLED=0 --env RAY_START_ULIMIT_OPEN_FILES=20000
}

install_missing_kuberay() {
  [[ -z ${KUBERAY_OPERATOR-} && -d $kuberay ]] || install_part kuberay "$kuberay_version"
}

build_kuberay() {
  local module=github.com/ray-project/kuberay/ray-operator operator=${KUBERAY_OPERATOR-} definitions=${KUBERAY_CRDS-}
  if [[ -z $operator ]]; then
    compile install -ldflags '-s -w' "$module@v$kuberay_version" || {
      echo "KubeRay $kuberay_version cannot be had from the Go module proxy (see above). Name another version with"
      echo "KUBERAY_VERSION, or give its operator with KUBERAY_OPERATOR and KUBERAY_CRDS (see scripts/cluster/ray.sh)."
      return 1
    }
    operator=out/ray-operator
    definitions=$(compile env GOMODCACHE)/$module@v$kuberay_version/config/crd/bases
  fi
  mkdir -p complete/crds "${kuberay%/*}"
  install "$operator" complete/operator
  install --mode=644 "$definitions"/*.yaml complete/crds/
  rm -rf "$kuberay"
  mv complete "$kuberay"
}

start_ray() {
  local begin=$SECONDS
  [[ -d $kuberay ]] || fail "KubeRay $kuberay_version is not installed: run scripts/local-cluster install ray"
  if [[ $(running_kuberay) == "$kuberay_version" ]]; then
    return
  fi
  stop_kuberay
  # On the server's side: a plain `apply` keeps a copy in an annotation, for which they are too large.
  kubectl apply --server-side --force-conflicts --filename="$kuberay/crds" >/dev/null
  wait_for kube-apiserver kubectl wait --for=condition=Established --timeout=1s \
    crd/rayclusters.ray.io crd/rayjobs.ray.io
  start_kuberay
  wait_for kuberay ready_kuberay
  echo "KubeRay $kuberay_version is up, after $((SECONDS - begin)) s."
}

start_kuberay() {
  echo "$kuberay_version" >"$run/kuberay-version"
  start kuberay node env KUBECONFIG="$etc/admin.conf" "$kuberay/operator" --use-kubernetes-proxy \
    --enable-leader-election=false --metrics-addr=127.0.0.1:18081 --health-probe-bind-address=127.0.0.1:18082
}
ready_kuberay() { listens node 127.0.0.1 18082; }

# The version of the operator that runs; nothing if none does.
running_kuberay() {
  ! runs kuberay || cat "$run/kuberay-version"
}

stop_kuberay() {
  local number
  number=$(pid kuberay) || return 0
  kill "$number"
  while runs kuberay; do
    sleep 0.1
  done
}
