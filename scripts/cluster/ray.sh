# Ray and KubeRay, for those who ask for them: an image with Ray in it, the custom resources, and the operator,
# which runs beside the cluster's own daemons. Where no operator can be had, the tests' stand-in takes its place.

crds=$home/kuberay-crds       # of the operator's version, if they are known
kuberay=$home/kuberay-version # what the operator is

install_ray() {
  install_parts "ray $RAY_VERSION-1"
  has_kuberay || install_part kuberay "$KUBERAY_VERSIONS"
  has_kuberay || echo "There is no operator to be had; the tests' stand-in takes its place (see scripts/cluster/ray.sh)."
}

build_ray() {
  bootstrap bash,python3,python3-venv,wget,procps,ca-certificates \
    --customize-hook="bash '$sources/ray-environment.sh' \"\$1\" $RAY_VERSION '$PWD'"
  push "ray:$RAY_VERSION" --command '["bash"]' --env PATH=/opt/ray/bin:/usr/local/bin:/usr/bin:/bin \
    --env RAY_USAGE_STATS_ENABLED=0 --env RAY_START_ULIMIT_OPEN_FILES=20000
}

# The operator from the first of these that has it: KUBERAY_OPERATOR and KUBERAY_CRDS, the module proxy (of each
# version). None of them is no failure.
build_kuberay() {
  local version module=github.com/ray-project/kuberay/ray-operator
  if [[ -n ${KUBERAY_OPERATOR:-} && -n ${KUBERAY_CRDS:-} ]]; then
    keep_kuberay "$KUBERAY_OPERATOR" "$KUBERAY_CRDS" "as given"
    return
  fi
  for version in $KUBERAY_VERSIONS; do
    if compile install -ldflags '-s -w' "$module@v$version"; then
      keep_kuberay out/ray-operator "$(compile env GOMODCACHE)/$module@v$version/config/crd/bases" "$version"
      return
    fi
  done
}

# keep_kuberay OPERATOR CRDS VERSION
keep_kuberay() {
  rm -rf "$crds"
  mkdir "$crds"
  install --mode=644 "$2"/*.yaml "$crds/"
  install "$1" "$bin/kuberay-operator"
  echo "$3" >"$kuberay"
}

has_kuberay() {
  [[ -x $bin/kuberay-operator && -d $crds ]]
}

start_ray() {
  local begin=$SECONDS
  if runs kuberay; then
    return
  fi
  if has_kuberay; then
    # Too large for `apply`, which keeps a copy in an annotation.
    kubectl get crd rayjobs.ray.io >/dev/null 2>&1 || kubectl create --filename="$crds" >/dev/null
  else
    kubectl apply --filename="$checkout/tests/cluster/ray/stand_in.yaml" >/dev/null
  fi
  wait_for kube-apiserver kubectl wait --for=condition=Established --timeout=1s \
    crd/rayclusters.ray.io crd/rayjobs.ray.io
  start_kuberay
  wait_for kuberay ready_kuberay
  echo "KubeRay is up, after $((SECONDS - begin)) s."
}

start_kuberay() {
  if has_kuberay; then
    start kuberay node env KUBECONFIG="$etc/admin.conf" kuberay-operator --use-kubernetes-proxy \
      --enable-leader-election=false --metrics-addr=127.0.0.1:18081 --health-probe-bind-address=127.0.0.1:18082
  else
    start kuberay node env KUBECONFIG="$etc/admin.conf" python3 "$checkout/tests/cluster/ray/stand_in.py" 18082
  fi
}
ready_kuberay() { listens node 127.0.0.1 18082; }
