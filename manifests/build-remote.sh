# shellcheck shell=sh
# What the container `build` of build-remote.yml runs with `sh -euc`, in an image that has git, docker buildx and no
# more than BusyBox beside them. `python -m scripts.embed_shell` writes it into build-remote.yml, without these lines.
set -eu

umask 022
built() {  # DIGEST: say it and leave it where `kubectl get pod` shows it
  echo "image: ${IMAGE%:*}@$1" >&2
  printf '{"digest":"%s"}' "$1" > /dev/termination-log
  exit 0
}
docker buildx create --name build --use --driver remote \
  unix:///run/user/1000/buildkit/buildkitd.sock >/dev/null

# BuildKit itself resolves the tag: it alone knows how the registry is to be reached.
if [ -z "$REBUILD" ]; then
  printf 'FROM %s\n' "$IMAGE" > /build/Tag
  if docker buildx build --quiet --output type=cacheonly --provenance=mode=min \
      --metadata-file /build/tag.json "$@" - < /build/Tag >/dev/null 2>&1; then
    digest=$(sed -n 's/.*"sha256": *"\([0-9a-f]\{64\}\)".*/sha256:\1/p' /build/tag.json | head -n 1)
    [ -z "$digest" ] || built "$digest"
  fi
fi

mkdir /build/source
cd /build/source
git init --quiet
git config core.autocrlf false
git config advice.detachedHead false
if [ -f "$GIT_SECRET/ssh-privatekey" ]; then
  hosts="-o StrictHostKeyChecking=accept-new"
  [ ! -f "$GIT_SECRET/known_hosts" ] ||
    hosts="-o StrictHostKeyChecking=yes -o UserKnownHostsFile=$GIT_SECRET/known_hosts"
  cp "$GIT_SECRET/ssh-privatekey" /build/key
  chmod 600 /build/key
  export GIT_SSH_COMMAND="ssh -i /build/key -o IdentitiesOnly=yes $hosts"
elif [ -f "$GIT_SECRET/password" ]; then
  # No other server gets it, whatever .gitmodules or .lfsconfig name.
  server=$(printf '%s' "$GIT_URL" | cut -d / -f 1-3)
  # shellcheck disable=SC2016 # the shell of git expands it
  git config --global "credential.$server.helper" \
    '!f() { echo "username=$(cat "$GIT_SECRET/username")"; echo "password=$(cat "$GIT_SECRET/password")"; }; f'
elif [ -d "$GIT_SECRET" ]; then
  echo "error: the Secret of --git-secret has neither ssh-privatekey nor password" >&2
  exit 1
fi
git remote add origin "$GIT_URL"
# Some servers refuse to send a commit that is not the tip of a branch.
git fetch --quiet --depth 1 origin "${REF:-$COMMIT}" ||
  git fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*'
git checkout --quiet --detach "$COMMIT"
git submodule update --quiet --init --recursive --depth 1 ||
  git submodule update --quiet --init --recursive
if grep -rqs 'filter=lfs' --include=.gitattributes .; then
  git lfs pull ||
    { echo 'error: the commit uses git-lfs, and the builder image has none' >&2; exit 1; }
fi
find . -name .git -prune -exec rm -rf {} +

docker buildx build --push --provenance=false --progress=plain --tag "$IMAGE" \
  --metadata-file /build/metadata.json --file "$DOCKERFILE" "$@" "./$CONTEXT"
built "$(sed -n 's/.*"containerimage.digest": *"\([^"]*\)".*/\1/p' /build/metadata.json)"
