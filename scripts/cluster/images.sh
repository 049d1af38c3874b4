# Makes the images that the cluster needs from Debian packages and compiled programs, without any other image,
# and puts them into its registry. The functions run in an empty work folder.

usual_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# push IMAGE OPTIONS OF one_layer_image.py: makes an image of rootfs.tar and pushes it.
push() {
  local image=$1 port registry_pid
  shift
  python3 "$sources/one_layer_image.py" rootfs.tar image.tar --architecture "$architecture" "$@"
  # The cluster may be down, so a registry runs for the moment on the same folder.
  port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  mkdir -p "$registry"
  configure registry.yml "$PWD/registry.yml"
  REGISTRY_HTTP_ADDR=127.0.0.1:$port "$debian/usr/bin/docker-registry" serve registry.yml 9>&- &
  registry_pid=$!
  # shellcheck disable=SC2064 # the values of now
  trap "kill $registry_pid" EXIT
  until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null; do
    kill -0 "$registry_pid"
    sleep 0.1
  done
  env -u DOCKER_CONFIG "$bin/crane" push image.tar "127.0.0.1:$port/$image"
  kill "$registry_pid"
  trap - EXIT
}

# configure FILE TARGET: fills the @names@ of a configuration file with the variables of the same name.
configure() {
  local name content
  content=$(<"$sources/config/$1")
  for name in home debian etc run state registry control_group node_name pods free_disk COREDNS_VERSION KUEUE_VERSION; do
    content=${content//"@$name@"/"${!name}"}
  done
  mkdir -p "$(dirname "$2")"
  echo "$content" >"$2"
}

# Packs the folder rootfs: everything is root's and has the same age, so that equal files make an equal image.
pack() {
  tar --create --file rootfs.tar --directory rootfs --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 .
}

# bootstrap PACKAGES OPTIONS OF mmdebstrap: makes a small Debian of the machine's own release.
bootstrap() {
  local packages=$1 release
  shift
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # `$1`, the new root folder, is set by mmdebstrap's shell
  SOURCE_DATE_EPOCH=0 mmdebstrap --variant=minbase --include="$packages" --skip=output/dev \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' "$@" "$release" rootfs.tar
}

build_pause() {
  compile build -ldflags '-s -w' -o rootfs/pause "$sources/pause/main.go"
  pack
  push pause:1 --entrypoint '["/pause"]'
}

build_coredns() {
  cp "$sources"/coredns/* .
  compile build -tags grpcnotrace -ldflags '-s -w' -o rootfs/coredns .
  pack
  push "coredns:$COREDNS_VERSION" --entrypoint '["/coredns"]'
}

build_busybox() {
  mkdir -p rootfs/{bin,etc,root,tmp,proc,sys,dev}
  add_busybox rootfs/bin
  pack
  push busybox:1 --env PATH=/bin --command '["sh"]'
}

# add_busybox FOLDER: BusyBox under all of its names, a folder tmp, and no users but root and nobody.
add_busybox() {
  local busybox applet
  busybox=$(find "$debian" -name busybox -type f -perm -100)
  chmod 1777 rootfs/tmp
  cp "$busybox" "$1/busybox"
  for applet in $("$busybox" --list); do
    [[ $applet == busybox ]] || ln -sf busybox "$1/$applet"
  done
  printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/:/bin/false >rootfs/etc/passwd
  printf '%s\n' root:x:0: nogroup:x:65534: >rootfs/etc/group
}

build_python() {
  # shellcheck disable=SC2016
  bootstrap python3 --customize-hook='ln -s python3 "$1/usr/bin/python"'
  push python:3 --env PATH=/usr/local/bin:/usr/bin:/bin --command '["python3"]'
}

# Stands for docker:cli, and is as poor: git, ssh, docker, buildx, and BusyBox for everything else; no user but root.
# builder-lfs has git-lfs beside them.
build_builder() {
  local program
  bootstrap git,git-lfs,ca-certificates,openssh-client
  mkdir rootfs
  tar --extract --file rootfs.tar --directory rootfs --exclude './dev/*'
  rm -rf rootfs/etc/gitconfig rootfs/usr/share/{perl*,doc,man,info,zoneinfo} rootfs/usr/lib/{apt,dpkg,systemd} rootfs/var/{lib,cache}/*
  for program in rootfs/usr/{bin,sbin}/*; do
    case ${program##*/} in
    git* | ssh* | scp | sftp) ;;
    *) rm "$program" ;;
    esac
  done
  add_busybox rootfs/usr/bin
  mkdir -p rootfs/usr/local/{bin,libexec/docker/cli-plugins}
  cp "$debian/usr/bin/docker" rootfs/usr/local/bin/
  cp "$docker/cli-plugins/docker-buildx" rootfs/usr/local/libexec/docker/cli-plugins/
  pack
  push "builder-lfs:$BUILDER_VERSION" --env PATH="$usual_path" --command '["sh"]'
  rm rootfs/usr/bin/git-lfs
  pack
  push "builder:$BUILDER_VERSION" --env PATH="$usual_path" --command '["sh"]'
}

# Stands for moby/buildkit:rootless, whose settings it repeats.
build_rootless-buildkit() {
  mkdir -p files/usr/bin files/home/user/{.config/buildkit,.local/tmp,.local/share/buildkit}
  cp "$bin"/build{kitd,ctl} files/usr/bin/
  configure buildkitd-rootless.toml files/home/user/.config/buildkit/buildkitd.toml
  chmod -R go=rX files
  bootstrap git,ca-certificates,openssh-client,uidmap,rootlesskit,runc \
    --skip=cleanup/run --customize-hook="sync-in '$PWD/files' /" --customize-hook="bash '$sources/buildkit-user.sh' \"\$1\""
  push "rootless-buildkit:$BUILDER_VERSION" --user 1000:1000 --entrypoint '["rootlesskit", "buildkitd"]' \
    --volume /home/user/.local/share/buildkit --env PATH="$usual_path" \
    --env HOME=/home/user --env USER=user --env XDG_RUNTIME_DIR=/run/user/1000 \
    --env TMPDIR=/home/user/.local/tmp --env BUILDKIT_HOST=unix:///run/user/1000/buildkit/buildkitd.sock
}
