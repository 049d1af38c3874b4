# The daemons that ask for credentials: a registry, and git over HTTP and over SSH. They serve the same images
# and repositories as those that ask for none.

# A password of a test bed is no secret.
user=ada
password=correct-horse-battery

# What no running process reads, so that a cluster that is up can be given these daemons later.
configure_private() {
  local key
  for key in ssh-host ssh-user; do
    [[ -f $etc/$key ]] || ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$etc/$key"
  done
  echo "[$host_address]:9422 $(<"$etc/ssh-host.pub")" >"$etc/ssh-known-hosts"
  # A company's own authority: the nodes trust it (start_containerd), and nothing else does.
  [[ -f $etc/pki/company.crt ]] || authority company company-ca 2>/dev/null
  install -D --mode=644 "$etc/pki/company.crt" "$etc/company/ca.crt"
  configure hosts-private.toml "$etc/registries/registry.test:5001/hosts.toml"
  # docker-registry knows only bcrypt, which Debian's crypt(3) does, too.
  # shellcheck disable=SC2016 # perl's variables
  perl -e 'print "$ARGV[0]:", crypt($ARGV[1], q($2y$05$) . "a" x 21 . "u"), "\n"' "$user" "$password" >"$etc/htpasswd"
}

# start_registry_with_password NAME NETWORK ADDRESS
start_registry_with_password() {
  start "$1" "$2" env REGISTRY_HTTP_ADDR="$3" REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=local \
    REGISTRY_AUTH_HTPASSWD_PATH="$etc/htpasswd" docker-registry serve "$etc/registry.yml"
}
start_private-registry() { start_registry_with_password private-registry node "$node_address:5001"; }
ready_private-registry() { listens node "$node_address" 5001; }
start_localhost-private-registry() { start_registry_with_password localhost-private-registry host 127.0.0.1:5001; }
ready_localhost-private-registry() { listens host 127.0.0.1 5001; }

start_git-http() {
  start git-http host env "${git_settings[@]}" GIT_SERVER_USER="$user" GIT_SERVER_PASSWORD="$password" \
    python3 "$sources/git_http_server.py" "$host_address" 9480 "$git"
}
ready_git-http() { listens host "$host_address" 9480; }

start_git-ssh() {
  start git-ssh host env "${git_settings[@]}" git-ssh "$host_address:9422" "$git" "$etc/ssh-host" "$etc/ssh-user.pub"
}
ready_git-ssh() { listens host "$host_address" 9422; }
