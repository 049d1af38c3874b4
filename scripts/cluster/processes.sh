# Starts processes, knows which of ours run, and waits for conditions.

# The environment variable by which a process is known to be ours: a process id alone may have been given
# to a stranger since it was recorded.
mark=KUBECTL_SUBMIT_CLUSTER_PROCESS

# pid NAME: the id of a process of ours; fails if it does not run.
pid() {
  local number
  [[ -f $run/$1.pid ]] && number=$(<"$run/$1.pid") || return 1
  grep --quiet --null-data --line-regexp --fixed-strings "$mark=$home:$1" "/proc/$number/environ" 2>/dev/null || return 1
  echo "$number"
}

runs() {
  pid "$1" >/dev/null
}

# start NAME NETWORK COMMAND...: starts a daemon inside the node. NETWORK is "node" or "host": a few daemons
# listen where the user's programs are, yet end together with the node. Or it is another node: node2, node3.
start() {
  local name=$1 network=$2 holder=node node namespaces=(--mount)
  shift 2
  [[ $network == host ]] || holder=$network
  node=$(pid "$holder") || fail "the $holder has ended"
  [[ $network == host ]] || namespaces+=(--net)
  # Without the user's settings (a proxy, say), except for the builder of the user's images.
  local environment=(env -i "HOME=$HOME")
  [[ $name != buildkitd ]] || environment=(env)
  # The first nsenter changes only what the shell's children get as process namespace. So `$!` is the daemon's
  # number as the host sees it, and no helper stays behind.
  # shellcheck disable=SC2016
  "${environment[@]}" "$mark=$home:$name" "PATH=$bin:$debian/usr/sbin:$debian/usr/bin:$PATH" \
    setsid --wait nsenter --target "$node" --pid --no-fork -- bash -c '
      setsid nsenter --target "$1" "${@:4:$2}" -- "${@:4+$2}" & echo $! >"$3"' \
    start "$node" "${#namespaces[@]}" "$run/$name.pid" "${namespaces[@]}" "$@" \
    </dev/null >>"$logs/$name.log" 2>&1 9>&-
}

# in_node COMMAND...: runs a command in the node's network.
in_node() { in_network_of node "$@"; }

# in_network_of NODE COMMAND...
in_network_of() {
  nsenter --target "$(pid "$1")" --net -- "${@:2}"
}

# listens NETWORK ADDRESS PORT: whether a connection can be made.
listens() {
  local where=()
  [[ $1 == host ]] || where=(in_network_of "$1")
  "${where[@]}" timeout 1 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null
}

# wait_for NAME CONDITION...: repeats CONDITION until it holds, while the process NAME runs.
wait_for() {
  local name=$1 end=$((SECONDS + 600)) said # a busy machine takes minutes
  shift
  until said=$("$@" 2>&1); do
    # While a process becomes another program, its environment is empty for a moment.
    runs "$name" || { sleep 0.5 && runs "$name"; } || show_end_of_log "$name" "has ended"
    ((SECONDS < end)) || show_end_of_log "$name" "did not become ready: $*: $said"
    sleep 0.1
  done
}

show_end_of_log() {
  tail -n 20 "$logs/$1.log" >&2
  fail "$1 $2; above is the end of $logs/$1.log"
}
