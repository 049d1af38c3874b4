# Compiles and downloads what the cluster consists of. Each part is built in a work folder and marked as
# installed at its very end, so that an interrupted or failed part is simply built again.

# Name and version. Raise a plain number when the making of that part changes.
parts=(
  "kubernetes $KUBERNETES_VERSION" "crane $CRANE_VERSION" "buildx $BUILDX_VERSION" "buildkit $BUILDKIT_VERSION"
  "debian 1" "git-ssh 1" "pause 1" "coredns $COREDNS_VERSION" "busybox 1" "python 2"
  "builder $BUILDER_VERSION" "rootless-buildkit $BUILDER_VERSION"
)

install_cluster() {
  mkdir -p "$bin" "$build" "$installed"
  alone "$build/tools.lock" install_tools
  install_parts "${parts[@]}"
}

# install_parts "NAME VERSION"...: those that are not there. Other calls can install and use other parts meanwhile.
install_parts() {
  local part name version
  for part; do
    read -r name version <<<"$part"
    is_installed "$name" "$version" || alone "$build/$name.lock" install_missing "$name" "$version"
  done
}

# install_missing NAME VERSION: unless somebody else has just done it.
install_missing() {
  is_installed "$1" "$2" || install_part "$1" "$2"
}

is_installed() {
  [[ -f $installed/$1 && $(<"$installed/$1") == "$2" ]]
}

# all_installed "NAME VERSION"...
all_installed() {
  local part name version
  for part; do
    read -r name version <<<"$part"
    is_installed "$name" "$version" || return 1
  done
}

# install_part NAME VERSION: runs build_NAME in an empty work folder.
install_part() {
  local name=$1 version=$2 log=$build/$1.log begin=$SECONDS status=0
  echo "$name $version: installing ..."
  rm -rf "${build:?}/$name" "${installed:?}/$name"
  mkdir -p "$build/$name"
  set +e # with `if` or `||` around it, the subshell would not stop at its first failing command
  (
    set -e
    cd "$build/$name"
    "build_$name"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  if ((status != 0)); then
    tail -n 20 "$log" >&2
    fail "$name $version: failed after $((SECONDS - begin)) s; above is the end of $log"
  fi
  echo "$version" >"$installed/$name"
  rm -rf "${build:?}/$name"
  echo "$name $version: installed in $((SECONDS - begin)) s"
}

# Ordinary tools, none of which starts a service, from Debian.
install_tools() {
  local -A packages=([ip]=iproute2 [nft]=nftables [mmdebstrap]=mmdebstrap [setcap]=libcap2-bin
    [openssl]=openssl [ssh-keygen]=openssh-client [sysctl]=procps [modprobe]=kmod)
  local tool missing=()
  for tool in "${!packages[@]}"; do
    command -v "$tool" >/dev/null || missing+=("${packages[$tool]}")
  done
  ((${#missing[@]} > 0)) || return 0
  echo "Debian packages ${missing[*]}: installing ..."
  {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
  } >"$build/tools.log" 2>&1 </dev/null || {
    tail -n 20 "$build/tools.log" >&2
    fail "apt-get failed; above is the end of $build/tools.log"
  }
}

# Packages that would start services or get into the way of the user's own Docker: only unpacked.
build_debian() {
  local docker_package=docker.io # holds the command line too, until Debian 12
  apt-get update
  [[ -z $(apt-cache search --names-only '^docker-cli$') ]] || docker_package='docker-cli'
  apt-get -o APT::Sandbox::User=root download \
    containerd runc containernetworking-plugins docker-registry "$docker_package" busybox-static
  local package
  for package in *.deb; do
    dpkg-deb --extract "$package" tree
  done
  rm -rf "$debian"
  mv tree "$debian"
  ln -sf "$debian/usr/bin/docker" "$bin/docker"
}

# compile ARGUMENTS OF go: the same everywhere, whatever the user's settings are. Each go.mod is copied to the
# work folder and completed there, so that the checkout stays as it is.
compile() {
  env -u GOEXPERIMENT GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 GOBIN="$PWD/out" \
    GOFLAGS='-mod=mod -buildvcs=false -trimpath' go "$@"
}

build_kubernetes() {
  cp "$sources/kubernetes/go.mod" .
  local package flags='-s -w' # no debug symbols: a third of the size
  # Without these the programs believe to be of another version and switch features off.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=v$KUBERNETES_VERSION"
    flags+=" -X $package.gitMajor=$(cut -d. -f1 <<<"$KUBERNETES_VERSION")"
    flags+=" -X $package.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES_VERSION")"
    flags+=" -X $package.gitCommit=v$KUBERNETES_VERSION -X $package.gitTreeState=clean"
    flags+=" -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  compile build -ldflags "$flags" -o out/ \
    k8s.io/kubernetes/cmd/kube{-apiserver,-controller-manager,-scheduler,-proxy,let,ctl}
  compile build -ldflags '-s -w' -o out/etcd go.etcd.io/etcd/server/v3
  mv out/* "$bin/"
}

build_crane() {
  compile install -ldflags '-s -w' "github.com/google/go-containerregistry/cmd/crane@v$CRANE_VERSION"
  mv out/crane "$bin/"
}

build_buildx() {
  compile install -ldflags "-s -w -X github.com/docker/buildx/version.Version=v$BUILDX_VERSION" \
    "github.com/docker/buildx/cmd/buildx@v$BUILDX_VERSION"
  mkdir -p "$docker/cli-plugins"
  mv out/buildx "$docker/cli-plugins/docker-buildx"
}

build_git-ssh() {
  cp "$sources"/git-ssh/* .
  compile build -ldflags '-s -w' -o out/git-ssh .
  mv out/git-ssh "$bin/"
}

build_buildkit() {
  cp "$sources/buildkit/go.mod" .
  compile build -tags osusergo,netgo -ldflags "-s -w -X github.com/moby/buildkit/version.Version=v$BUILDKIT_VERSION" \
    -o out/ github.com/moby/buildkit/cmd/build{kitd,ctl}
  mv out/* "$bin/"
}
