# The daemons: how each is started, and how one sees that it is ready.

components=(node etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy
  registry localhost-registry private-registry localhost-private-registry git-server git-http git-ssh buildkitd)

ready_node() { runs node && [[ -e $run/node-is-complete ]]; }

start_etcd() {
  start etcd node etcd --data-dir="$state/etcd" --unsafe-no-fsync --log-level=warn
}
ready_etcd() { listens node 127.0.0.1 2379; }

start_kube-apiserver() {
  local pki=$etc/pki
  start kube-apiserver node kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --secure-port=6443 --advertise-address="$node_address" --bind-address="$node_address" \
    --allow-privileged=true --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --service-cluster-ip-range="$service_network" --kubelet-preferred-address-types=InternalIP,Hostname \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$pki/service-account.pub" --service-account-signing-key-file="$pki/service-account.key" \
    --requestheader-client-ca-file="$pki/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group \
    --requestheader-username-headers=X-Remote-User \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key"
}
ready_kube-apiserver() { kubectl get --raw /readyz; }

start_kube-controller-manager() {
  local pki=$etc/pki
  start kube-controller-manager node kube-controller-manager --kubeconfig="$etc/controller-manager.conf" \
    --use-service-account-credentials=true --leader-elect=false --root-ca-file="$pki/ca.crt" \
    --service-account-private-key-file="$pki/service-account.key" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --kube-api-qps=200 --kube-api-burst=300 # with the usual 20 it takes 5 s to start, and 1000 pods take 50 s
}
ready_kube-controller-manager() { listens node 127.0.0.1 10257; }

start_kube-scheduler() {
  start kube-scheduler node kube-scheduler --kubeconfig="$etc/scheduler.conf" --leader-elect=false
}
ready_kube-scheduler() { listens node 127.0.0.1 10259; }

start_containerd() {
  start containerd node env SSL_CERT_DIR="$etc/company" containerd --config "$etc/containerd.toml"
}
ready_containerd() { "$debian/usr/bin/ctr" --address "$run/containerd.sock" version; }

start_kubelet() {
  start kubelet node kubelet --config="$etc/kubelet.yaml" --kubeconfig="$etc/kubelet.conf" \
    --root-dir="$state/kubelet" --hostname-override=node1 --node-ip="$node_address"
}
ready_kubelet() { listens node 127.0.0.1 10248; }

start_kube-proxy() {
  start kube-proxy node kube-proxy --config="$etc/kube-proxy.yaml"
}
ready_kube-proxy() { listens node 127.0.0.1 10256; }

# The same images twice: for the cluster as registry.test:5000, and for the host as localhost:5000, because
# localhost is the only registry with which all of docker's tools speak plain HTTP.
start_registry() {
  start registry node env REGISTRY_HTTP_ADDR="$node_address:5000" docker-registry serve "$etc/registry.yml"
}
ready_registry() { listens node "$node_address" 5000; }

start_localhost-registry() {
  start localhost-registry host env REGISTRY_HTTP_ADDR=127.0.0.1:5000 docker-registry serve "$etc/registry.yml"
}
ready_localhost-registry() { listens host 127.0.0.1 5000; }

# Serve repositories of any owner, and commits that no branch names.
git_settings=(GIT_CONFIG_COUNT=2 "GIT_CONFIG_KEY_0=safe.directory" "GIT_CONFIG_VALUE_0=*"
  GIT_CONFIG_KEY_1=uploadpack.allowAnySHA1InWant GIT_CONFIG_VALUE_1=true)

start_git-server() {
  start git-server host env "${git_settings[@]}" "$(command git --exec-path)/git-daemon" \
    --listen="$host_address" --reuseaddr --base-path="$git" --export-all --enable=receive-pack "$git"
}
ready_git-server() { listens host "$host_address" 9418; }

start_buildkitd() {
  start buildkitd host buildkitd --config "$etc/buildkitd.toml"
}
ready_buildkitd() { "$bin/buildctl" --addr "unix://$run/buildkitd.sock" debug workers; }

# node_is_ready [NODE]
node_is_ready() {
  kubectl wait --for=condition=Ready "node/${1:-node1}" --timeout=1s
}

# gpus_are_advertised [NODE COUNT]
gpus_are_advertised() {
  [[ $(kubectl get node "${1:-node1}" --output='jsonpath={.status.allocatable.nvidia\.com/gpu}') == "${2:-4}" ]]
}

coredns_answers() {
  listens node 10.96.0.10 53
}
