# What the local cluster is made of and where it lies. Sourced by every other part.

KUBERNETES_VERSION=1.35.4 # also in kubernetes/go.mod
BUILDX_VERSION=0.36.1
BUILDKIT_VERSION=0.32.2 # also in buildkit/go.mod
COREDNS_VERSION=1.14.7  # also in coredns/go.mod
CRANE_VERSION=0.21.9
KUEUE_VERSION=0.17.0
KREW_VERSION=0.4.3
# These two can be chosen. The pairs that were tested are in docs/ray.md.
ray_version=${RAY_VERSION:-2.60.0} # also in ../../manifests/ray-job.yml
kuberay_version=${KUBERAY_VERSION:-1.6.1}
BUILDER_VERSION=$BUILDKIT_VERSION-$BUILDX_VERSION-6 # raise the last number when the making of the image changes

# Everything lies below this one folder, except a few plain Debian tools (see install.sh).
home=${KUBECTL_SUBMIT_CLUSTER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-submit/cluster}
home=$(realpath --canonicalize-missing "$home")
bin=$home/bin             # compiled programs
debian=$home/debian       # unpacked Debian packages
build=$home/build         # work folders of unfinished builds, and the output of all
installed=$home/installed # one file per part that is complete: its version
logs=$home/logs           # one file per process
etc=$home/etc             # certificates and configuration files
run=$home/run             # sockets and process ids
state=$home/state         # what the cluster knows; `up` begins with an empty one
registry=$home/registry   # images; these and the next three stay when the cluster goes down
buildkit=$home/buildkit   # build cache of local builds
docker=$home/docker       # configuration of the docker command line
git=$home/git             # bare repositories that the git server offers

# The node's own network, joined to the host by one cable (the files in config/ repeat some addresses).
host_address=10.200.0.1
node_address=10.200.0.2
node_network=10.200.0.0/16 # of all nodes; nodes.sh has the others
pod_network=10.244.0.0/16
service_network=10.96.0.0/16

# What differs between the nodes in the files in config/.
node_name=node1
pods=$pod_network
free_disk=1% # with less, the kubelet evicts pods

control_group=kubectl-submit # holds all containers: another kubelet's pods on this machine are no business of ours

# A proxy of the user's must not be asked for the cluster.
NO_PROXY=${NO_PROXY:-${no_proxy:-}}
for address in "$node_address" "$host_address"; do
  [[ ,$NO_PROXY, == *,$address,* ]] || NO_PROXY=${NO_PROXY:+$NO_PROXY,}$address
done
export NO_PROXY

PATH=$PATH:/usr/sbin:/sbin # not everyone's root has these

architecture=$(dpkg --print-architecture) # Go and image registries use the same names: amd64, arm64

fail() {
  echo "local-cluster: $*" >&2
  exit 1
}

# Linux allows 107 characters for the path of a socket, and the longest one below this folder has 48.
((${#home} <= 59)) || fail "the path of the cluster's folder is too long: $home"
# The path is written into configuration files of several languages.
[[ $home =~ ^[A-Za-z0-9_./+-]+$ ]] || fail "the path of the cluster's folder has unusual characters: $home"
