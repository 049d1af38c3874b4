# What `make bench` needs beside the cluster: stern, to compare with, and kwok, which plays nodes that are none.

STERN_VERSION=1.34.0
KWOK_VERSION=0.8.0
KWOK_POD_SECONDS=120 # longer than 1 000 of them need to start, so that for a while nothing happens
kwok=$home/kwok

install_bench() {
  install_parts "stern $STERN_VERSION" "kwok $KWOK_VERSION $KWOK_POD_SECONDS"
}

build_stern() {
  compile install -ldflags '-s -w' "github.com/stern/stern@v$STERN_VERSION"
  mv out/stern "$bin/"
}

# The program, and its own description of how pods and nodes behave.
build_kwok() {
  local stages module=sigs.k8s.io/kwok
  compile install -ldflags '-s -w' "$module/cmd/kwok@v$KWOK_VERSION"
  mv out/kwok "$bin/"
  stages=$(compile env GOMODCACHE)/$module@v$KWOK_VERSION/kustomize/stage
  rm -rf "$kwok"
  mkdir "$kwok"
  install --mode=644 "$stages"/pod/fast/pod-{ready,complete,delete}.yaml "$stages/node/fast/node-initialize.yaml" \
    "$stages/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml" "$kwok"
  # A pod that runs runs for a while.
  sed -i "s/^spec:\$/spec:\n  delay: {durationMilliseconds: ${KWOK_POD_SECONDS}000}/" "$kwok/pod-complete.yaml"
  printf '%s stdout F hello\n' 2026-01-01T00:00:00.000000000Z >"$kwok/log"
  cat >"$kwok/logs.yaml" <<END
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata: {name: all}
spec:
  logs:
  - {logsFile: $kwok/log, follow: true}
END
}

# Plays the nodes with the label type=kwok until it is stopped.
run_kwok() {
  local file configs=()
  for file in "$kwok"/*.yaml; do
    configs+=(--config "$file")
  done
  # It ends with the benchmark, even if that is killed.
  exec nsenter --target "$(pid node)" --net -- setpriv --pdeathsig TERM kwok --kubeconfig="$etc/admin.conf" --manage-all-nodes=false \
    --manage-nodes-with-label-selector=type=kwok --node-ip="$node_address" --node-port=10247 \
    --tls-cert-file="$etc/pki/apiserver.crt" --tls-private-key-file="$etc/pki/apiserver.key" \
    "${configs[@]}" >"$logs/kwok.log" 2>&1
}
