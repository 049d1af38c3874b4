# Prints what a shell needs to use the cluster.

print_environment() {
  local in_cluster=registry.test:5000 private=(
    LOCAL_USER "$user" LOCAL_PASSWORD "$password" # for the next three
    LOCAL_PRIVATE_REGISTRY localhost:5001 LOCAL_PRIVATE_PULL_REGISTRY registry.test:5001
    LOCAL_GIT_HTTP "http://$host_address:9480"
    LOCAL_GIT_SSH "ssh://git@$host_address:9422" LOCAL_SSH_KEY "$etc/ssh-user" LOCAL_SSH_KNOWN_HOSTS "$etc/ssh-known-hosts"
  )
  # shellcheck disable=SC2016
  printf 'export PATH=%q:%q:"$PATH"\n' "$checkout/.venv/bin" "$bin"
  export_line NO_PROXY "$NO_PROXY"
  export_line KUBECONFIG "$etc/admin.conf"
  export_line DOCKER_CONFIG "$docker"
  export_line BUILDX_BUILDER local
  export_line LOCAL_REGISTRY localhost:5000
  export_line LOCAL_PULL_REGISTRY "$in_cluster"
  export_line LOCAL_GIT "git://$host_address:9418"
  export_line LOCAL_GIT_ROOT "$git"
  printf 'export %s=%q\n' "${private[@]}"
  export_line LOCAL_COMPANY_CA "$etc/pki/company.crt"
  export_line LOCAL_BUILDER_WITH_LFS "$in_cluster/builder-lfs:$BUILDER_VERSION"
  export_line LOCAL_POD_LOGS "$state/pod-logs"
  export_line LOCAL_NODE3_DISK "$state/node3" # the next one: how it reaches registries
  export_line LOCAL_NODE3_REGISTRIES "$etc/node3/registries"
  export_line LOCAL_KUBERAY "$(running_kuberay)"
  export_line LOCAL_RAY "$ray_version"
  export_line KUBECTL_SUBMIT_IMAGE_REPOSITORY localhost:5000/submit
  export_line KUBECTL_SUBMIT_PULL_REPOSITORY "$in_cluster/submit"
  export_line KUBECTL_SUBMIT_BUILDER_IMAGE "$in_cluster/builder:$BUILDER_VERSION"
  export_line KUBECTL_SUBMIT_BUILDKIT_IMAGE "$in_cluster/rootless-buildkit:$BUILDER_VERSION"
}

export_line() {
  printf 'export %s=%q\n' "$1" "$2"
}
