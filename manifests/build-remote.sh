# shellcheck shell=sh
# What the container `build` of build-remote.yml runs with `sh -euc`, in an image that has git, docker buildx and no
# more than BusyBox beside them. `python -m scripts.embed_shell` writes it into build-remote.yml, without these lines.
set -eu

umask 022
socket=/run/user/1000/buildkit/buildkitd.sock
fail() {  # MESSAGE
  echo "error: $1" >&2
  exit 1
}
built() {  # DIGEST: say it and leave it where `kubectl get pod` shows it
  echo "image: ${IMAGE%:*}@$1" >&2
  printf '{"digest":"%s"}' "$1" > /dev/termination-log
  exit 0
}

# Asks whether the registry has the image. Sets $digest if it has; $other if it has it, but for another platform than
# the one that is built for; $trouble if that cannot be told. BuildKit resolves the tag: it alone knows how the
# registry is to be reached.
look() {
  digest='' other='' trouble=''
  printf 'FROM %s\n' "$IMAGE" > /build/Tag
  if docker buildx build --progress=plain --output type=cacheonly --provenance=mode=min \
      --metadata-file /build/tag.json ${platform:+"$platform"} - < /build/Tag > /build/tag.log 2>&1; then
    if grep -q InvalidBaseImagePlatform /build/tag.log; then
      other=yes
    else
      digest=$(sed -n 's/.*"sha256": *"\([0-9a-f]\{64\}\)".*/sha256:\1/p' /build/tag.json | head -n 1)
    fi
  elif grep -q 'no match for platform' /build/tag.log; then
    other=yes
  elif ! grep -q ': not found$' /build/tag.log; then
    trouble=$(tail -n 1 /build/tag.log)
  fi
}

# A proxy of this container (--proxy-secret) is also that of the steps; docker keeps it out of the image. Programs differ
# in the spelling that they read: curl, and so git, has no HTTP_PROXY.
for name in http_proxy https_proxy no_proxy all_proxy; do
  upper=$(echo "$name" | tr '[:lower:]' '[:upper:]')
  eval "value=\${$name:-\${$upper:-}}"
  if [ -n "$value" ]; then
    export "$name=$value" "$upper=$value"
    set -- "--build-arg=$name" "--build-arg=$upper" "$@"
  fi
done

arch=$(uname -m | sed 's/^x86_64$/amd64/; s/^aarch64$/arm64/')
platform=''
for flag in "$@"; do
  case $flag in --platform=*) platform=$flag ;; esac
done

# What docker would say of this only after the build.
config=$DOCKER_CONFIG/config.json
if [ -f "$config" ]; then
  settings=$(tr -d ' \t\r\n' < "$config")
  helper=$(echo "$settings" | sed -n "s|.*\"credHelpers\":{[^}]*\"${IMAGE%%/*}\":\"\([^\"]*\)\".*|\1|p")
  [ -n "$helper" ] || helper=$(echo "$settings" | sed -n 's/.*"credsStore":"\([^"]*\)".*/\1/p')
  [ -z "$helper" ] || command -v "docker-credential-$helper" >/dev/null ||
    fail "the registry Secret names docker-credential-$helper, which is not in the builder image: name a Secret with a password or a token (--registry-secret), or an image that has the helper (--builder-image)"
fi

# git knows one file: that of the image, with what --ca-file adds.
if [ -f /run/ca/ca.crt ]; then
  { cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null || true; echo; cat /run/ca/ca.crt; } > /build/ca.crt
  git config --global http.sslCAInfo /build/ca.crt
fi

over_ssh() {  # URL: ssh://… or user@host:path
  case $1 in
  *ssh://*) return 0 ;;
  *://*) return 1 ;;
  *:*) return 0 ;;
  *) return 1 ;;
  esac
}
prefix() {  # URL: all of it before the path
  case $1 in
  *://*) printf '%s/' "$(printf '%s' "$1" | cut -d / -f 1-3)" ;;
  *) printf '%s:' "${1%%:*}" ;;
  esac
}
host() {  # URL
  prefix "$1" | sed 's,.*://,,; s,.*@,,; s,[:/].*,,'
}
# Submodules on the remote's server are fetched as the remote is, by ssh or not: the Job has one key or password.
use_own_transport() {
  find . -name .gitmodules -exec git config --file {} --get-regexp '^submodule\..*\.url$' ';' | sed 's/.* //' |
    while read -r url; do
      if over_ssh "$url"; then submodule=ssh; else submodule=other; fi
      if over_ssh "$GIT_URL"; then remote=ssh; else remote=other; fi
      if [ "$submodule" != "$remote" ] && [ "$(host "$url")" = "$(host "$GIT_URL")" ]; then
        git config --global --add "url.$(prefix "$GIT_URL").insteadOf" "$(prefix "$url")"
      fi
    done
}

fetch_commit() {
  code=0
  git fetch --quiet --depth 1 origin "${REF:-$COMMIT}" 2> /build/refused || code=$?
  [ "$code" != 0 ] || return 0
  cp /build/refused /build/trouble
  # Some servers send only the tips of branches, or do not know --depth.
  if ! grep -qE 'unable to (access|look up|connect)|[Cc]ould not (read|resolve)|Authentication failed' /build/refused; then
    code=0
    git fetch --quiet --tags --update-shallow origin '+refs/heads/*:refs/remotes/origin/*' 2> /build/trouble || code=$?
  fi
  cat /build/trouble >&2
  if grep -q 'Host key verification failed' /build/trouble; then
    fail 'the git server does not show the host key that the Secret of --git-secret has (known_hosts). If its administrator confirms a new one, put that into the Secret: ssh-keyscan HOST'
  fi
  [ "$code" = 0 ] || exit "$code"
  git cat-file -e "$COMMIT^{commit}" 2>/dev/null ||
    fail "no branch or tag of $GIT_URL has the commit $COMMIT"
  echo "the git server does not send a commit alone: fetched all branches and tags ($(tail -n 1 /build/refused))" >&2
}

fetch() {  # the commit into /build/source
  mkdir /build/source
  cd /build/source
  case ${#COMMIT} in
  64) git init --quiet --object-format=sha256 ;;
  *) git init --quiet ;;
  esac
  silence=600  # seconds after which a server is given up that says nothing at all
  git config --global http.lowSpeedLimit 1
  git config --global http.lowSpeedTime "$silence"
  git config core.autocrlf false
  git config advice.detachedHead false
  # What follows goes to the remote's server alone, whatever .gitmodules or .lfsconfig name.
  server=$(printf '%s' "$GIT_URL" | cut -d / -f 1-3)
  if [ -f "$GIT_SECRET/ssh-privatekey" ]; then
    hosts="-o StrictHostKeyChecking=accept-new"
    [ ! -f "$GIT_SECRET/known_hosts" ] ||
      hosts="-o StrictHostKeyChecking=yes -o UserKnownHostsFile=$GIT_SECRET/known_hosts"
    cp "$GIT_SECRET/ssh-privatekey" /build/key
    chmod 600 /build/key
    export GIT_SSH_COMMAND="ssh -i /build/key -o IdentitiesOnly=yes -o ConnectTimeout=$silence -o ServerAliveInterval=60 $hosts"
  elif [ -f "$GIT_SECRET/password" ]; then
    # shellcheck disable=SC2016 # the shell of git expands it
    git config --global "credential.$server.helper" \
      '!f() { echo "username=$(cat "$GIT_SECRET/username")"; echo "password=$(cat "$GIT_SECRET/password")"; }; f'
  elif [ -f "$GIT_SECRET/.git-credentials" ]; then  # for several servers: of LFS, of submodules
    cp "$GIT_SECRET/.git-credentials" /build/.git-credentials
    git config --global credential.helper store
  elif [ -f "$GIT_SECRET/header" ]; then
    printf '[http "%s/"]\n\textraHeader = "%s"\n' "$server" \
      "$(sed 's/[\\"]/\\&/g' "$GIT_SECRET/header")" >> /build/.gitconfig
  elif [ -d "$GIT_SECRET" ]; then
    fail 'the Secret of --git-secret has neither ssh-privatekey nor password'
  fi

  # With git-lfs, git checks out the files themselves.
  lfs=$(git lfs version 2>/dev/null) || lfs=
  [ -z "$lfs" ] || git lfs install --skip-repo >/dev/null
  git remote add origin "$GIT_URL"
  fetch_commit
  # As in a clone, git-lfs finds .lfsconfig in HEAD before it is checked out.
  git update-ref --no-deref HEAD "$COMMIT"
  if ! git reset --quiet --hard; then
    [ -n "$lfs" ] || exit 1
    fail "git-lfs cannot get the files of ${GIT_URL##*/} from $(git lfs env | sed -n 's/^Endpoint=\([^ ]*\).*/\1/p')"
  fi
  # A repository inside that .gitmodules does not name is an empty folder; submodule commands would fail for it.
  git -c core.quotePath=false ls-files --stage | sed -n 's/^160000 [0-9a-f]* [0-3].//p' | while read -r path; do
    git config --null --file .gitmodules --get-regexp '\.path$' 2>/dev/null | tr '\0' '\n' | grep -qxF -e "$path" ||
      git update-index --force-remove "$path"
  done
  # With a key, a public submodule may still be open to https alone.
  over_ssh "$GIT_URL" || use_own_transport
  if ! git submodule --quiet update --init --recursive --depth 1; then
    git submodule --quiet deinit --force --all
    rm -rf .git/modules
    use_own_transport
    git submodule --quiet update --init --recursive
  fi
  if [ -z "$lfs" ]; then
    # shellcheck disable=SC2016 # git sets $displaypath in submodules
    pointers='git grep -l "^version https://git-lfs.github.com/spec/" -- ":(attr:filter=lfs)" |
      while read -r file; do echo "  ${displaypath:+$displaypath/}$file"; done'
    found=$(eval "$pointers"; git submodule --quiet foreach --recursive "$pointers")
    if [ -n "$found" ]; then
      echo "error: in git LFS, and the builder image has no git-lfs:" >&2
      printf '%s\n' "$found" | head -n 5 >&2
      echo "Give an image that has it with --builder-image: FROM docker:cli, RUN apk add --no-cache git-lfs" >&2
      exit 1
    fi
  fi
  encrypted=$(git grep -l GITCRYPT -- ':(attr:filter=git-crypt)') || encrypted=
  if [ -n "$encrypted" ]; then
    echo 'warning: encrypted with git-crypt, whose key is not here, so that the image has them as they are in git:' >&2
    printf '%s\n' "$encrypted" | head -n 5 | sed 's/^/  /' >&2
  fi
  find . -name .git -prune -exec rm -rf {} +
}

# It is fetched while BuildKit starts and the registry is asked.
(fetch) > /build/fetch.log 2>&1 &
fetching=$!

await_socket() {
  # No probe of the kubelet does this: on a busy node it would time out again and again.
  deadline=$(($(date +%s) + 600))
  until [ -S "$socket" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || fail 'BuildKit has not started within 10 minutes'
    sleep 0.1 2>/dev/null || sleep 1
  done
}
await_builder() {  # the one that stays. Sets $arch: it may run on another kind of node.
  begun=$(date +%s)
  said=''
  until docker buildx inspect build > /build/builder.log 2>&1 && grep -q '^Status: *running' /build/builder.log; do
    why=$(docker buildx du --builder build 2>&1 | sed -n 's/^ERROR: //p' | tail -n 1)
    case $why in
    # A certificate that was renewed is in this pod a minute later.
    *'reading server preface'* | *'broken pipe'* | *'tls: '* | *'x509: '*)
      why="it refuses the certificate of this build, or shows another one: $why"
      patience=$patience_with_certificate ;;
    *) patience=600 ;;
    esac
    [ $(($(date +%s) - begun)) -lt "$patience" ] || fail "cannot use the builder $BUILDER: $why"
    [ -n "$said" ] || echo "waiting for the builder $BUILDER: $why" >&2
    said=yes
    sleep 1
  done
  arch=$(sed -n 's,^ *Platforms: *linux/\([a-z0-9]*\).*,\1,p' /build/builder.log | head -n 1)
}
# What docker says where the connection to the builder is lost; the second: in the middle of a push.
lost_builder='^ERROR: .*(code = Unavailable|: Unavailable: |code = Canceled desc = grpc)'
pause=6
reconnected=''
# What BuildKit, and most programs, say where a disk is full.
no_space='no space left on device|disk( is)? full|ENOSPC'
# Whether a build that failed may do better a second time: the builder went away, or its storage was full.
may_retry() {
  [ -n "$BUILDER" ] || return 1
  if grep -qE "$lost_builder" /build/log; then
    [ -z "$reconnected" ] || return 1
    reconnected=yes
    echo "warning: the connection to the builder $BUILDER was lost: building once more" >&2
    await_builder
  elif grep -qiE "$no_space" /build/log; then
    echo "warning: the storage of the builder $BUILDER is full: clearing its cache, and building once more" >&2
    # It lets go of its reserve in 5 seconds, and only then can delete; what it deletes is gone a moment later.
    for _ in 1 2 3; do
      docker buildx prune --builder build --all --force > /build/prune.log 2>&1 || true
      sleep "$pause"
    done
  else
    return 1
  fi
}

if [ -n "$BUILDER" ]; then
  options=''
  patience_with_certificate=20
  if [ -d "$BUILDER_CERTIFICATE" ]; then
    patience_with_certificate=180
    options="cacert=$BUILDER_CERTIFICATE/ca.crt,cert=$BUILDER_CERTIFICATE/tls.crt,key=$BUILDER_CERTIFICATE/tls.key"
  fi
  docker buildx create --name build --use --driver remote ${options:+"--driver-opt=$options"} "$BUILDER" >/dev/null
  await_builder
else
  await_socket
  docker buildx create --name build --use --driver remote "unix://$socket" >/dev/null
fi

digest=''
if [ -z "$REBUILD" ]; then
  look
  if [ -n "$other" ]; then
    echo "$IMAGE is for another platform: using the tag ${IMAGE##*:}-$arch" >&2
    IMAGE=$IMAGE-$arch
    look
  fi
  [ -z "$digest" ] || built "$digest"
  [ -z "$trouble" ] || echo "warning: building, as it is not known whether $IMAGE exists: $trouble" >&2
fi

code=0
! kill -0 "$fetching" 2>/dev/null || echo 'git is still fetching the commit and checking it out' >&2
wait "$fetching" || code=$?
cat /build/fetch.log >&2
[ "$code" = 0 ] || exit "$code"
cd /build/source

# Where the platform is not said, it is this machine's.
from='' to='' written=''
for one in $CACHE_FROM; do
  [ -n "$platform" ] || one=$one-$arch
  from="$from --cache-from=type=registry,ref=$one"
done
if [ -n "$CACHE_TO" ]; then
  written=$CACHE_TO
  [ -n "$platform" ] || written=$written-$arch
  # In a manifest that looks like an image's, as some registries take no other.
  to="--cache-to=type=registry,ref=$written,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"
fi

# What BuildKit says where a cache names a layer that is not there, or not what it should be.
lost='^ERROR: .*failed to solve: .*(httpReadSeeker|failed to load cache|failed to extract layer|unexpected commit digest)'
push() {  # FLAG...: build and push. What docker says is in /build/log, too.
  {
    code=0
    docker buildx build --push --provenance=false --progress=plain --tag "$IMAGE" \
      --metadata-file /build/metadata.json --file "$DOCKERFILE" "$@" "./$CONTEXT" 2>&1 || code=$?
    echo "$code" > /build/code
  } | tee /build/log >&2
  return "$(cat /build/code)"
}
write_cache() {  # FLAG...: nothing else at the same time. BuildKit still has what it built.
  docker buildx build --output type=cacheonly --provenance=false --progress=plain "$to" \
    --file "$DOCKERFILE" "$@" "./$CONTEXT" > /build/log 2>&1
}
cache_error() {
  step=$(sed -n 's/^\(#[0-9]*\) exporting cache to registry.*/\1/p' /build/log | head -n 1)
  sed -n "s/^$step ERROR: //p" /build/log | head -n 1
}
code=0
left_out=''
# shellcheck disable=SC2086 # a word each
push $from ${to:+"$to"} "$@" || code=$?
# The second time where a full storage has not been cleared yet.
for _ in 1 2; do
  [ "$code" != 0 ] || break
  may_retry || break
  code=0
  # shellcheck disable=SC2086
  push $from ${to:+"$to"} "$@" || code=$?
done
if [ "$code" != 0 ] && [ -n "$from" ] && grep -qE "$lost" /build/log; then
  echo 'warning: the build cache cannot be read: building without it' >&2
  code=0
  push ${to:+"$to"} --no-cache "$@" || code=$?
elif [ "$code" != 0 ] && [ -n "$to" ] && grep -q '^ERROR: .*failed to push ' /build/log; then
  # The cache is written at the same time, with the same layers. BuildKit still has what it built.
  echo 'warning: pushing once more, and the build cache after it' >&2
  code=0
  left_out='the registry mixed it up with the image'
  push "$@" || code=$?
fi
if [ "$code" != 0 ]; then
  # Another build of the same image may have pushed it meanwhile, to a registry where a tag is written once.
  [ -n "$REBUILD" ] || look
  [ -z "$digest" ] || built "$digest"
  if [ -n "$BUILDER" ] && grep -qiE "$no_space" /build/log; then
    echo "error: the storage of the builder $BUILDER is too small: kubectl submit builder create --storage SIZE" >&2
  fi
  exit "$code"
fi
if [ -n "$written" ]; then
  why=${left_out:-$(cache_error)}
  if [ -n "$why" ] && write_cache "$@"; then why=$(cache_error); fi
  [ -z "$why" ] || echo "warning: the build cache $written was not written: $why (for another one: --build-cache registry=REPOSITORY; for none: --build-cache none)" >&2
fi
built "$(sed -n 's/.*"containerimage.digest": *"\([^"]*\)".*/\1/p' /build/metadata.json)"
