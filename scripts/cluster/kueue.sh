# Kueue, for those who ask for it. It runs as its own manifests say, but only namespaces with the label
# kueue-managed=true are its business; there every Job must have a queue.

kueue=$home/kueue.yaml # its objects

install_kueue() {
  install_parts "kueue $KUEUE_VERSION"
}

build_kueue() {
  local module=sigs.k8s.io/kueue
  mkdir rootfs
  compile install -ldflags "-s -w -X $module/pkg/version.GitVersion=v$KUEUE_VERSION" "$module/cmd/kueue@v$KUEUE_VERSION"
  mv out/kueue rootfs/manager
  pack
  push "kueue:$KUEUE_VERSION" --user 65532:65532 --entrypoint '["/manager"]'
  cp --recursive --no-preserve=mode "$(compile env GOMODCACHE)/$module@v$KUEUE_VERSION/config" .
  local selector='{matchLabels: {kueue-managed: "true"}}'
  printf '%s\n' 'manageJobsWithoutQueueName: true' "managedJobsNamespaceSelector: $selector" \
    >>config/components/manager/controller_manager_config.yaml
  sed --in-place "s/^  failurePolicy: Fail\$/&\n  namespaceSelector: $selector/" config/components/webhook/manifests.yaml
  configure kueue.yaml kustomization.yaml
  "$bin/kubectl" kustomize . >objects.yaml
  mv objects.yaml "$kueue"
}

start_kueue() {
  local begin=$SECONDS
  all_installed "kueue $KUEUE_VERSION" || fail "Kueue is not installed: run scripts/local-cluster install kueue"
  if kueue_answers >/dev/null 2>&1; then
    return
  fi
  # On the server's side: a plain `apply` keeps a copy in an annotation, for which they are too large.
  kubectl apply --server-side --force-conflicts --filename="$kueue" >/dev/null
  wait_for kubelet kueue_has_certificates
  # The kubelet looks at the Secret of a pod when the pod changes, and else once a minute.
  kubectl annotate pods --namespace=kueue-system --all --overwrite kubectl-submit/certificates=written >/dev/null
  wait_for kubelet kueue_answers
  echo "Kueue $KUEUE_VERSION is up, after $((SECONDS - begin)) s."
}

# Kueue makes its certificates itself, and its webhooks need them.
kueue_has_certificates() {
  [[ -n $(kubectl get secret kueue-webhook-server-cert --namespace=kueue-system --output='jsonpath={.data.tls\.crt}') ]]
}

# Its API of positions in a queue, and a webhook.
kueue_answers() {
  kubectl get --raw /apis/visibility.kueue.x-k8s.io/v1beta2 &&
    kubectl create --dry-run=server --filename=- <<'END'
{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": "probe"}}
END
}

# First its kinds, while it runs: their objects have finalizers that only Kueue removes.
stop_kueue() {
  [[ -f $kueue ]] || return 0
  {
    kubectl delete customresourcedefinitions --selector=app.kubernetes.io/name=kueue --timeout=300s &&
      kubectl delete --filename="$kueue" --ignore-not-found --timeout=300s
  } >/dev/null || fail "Kueue does not go; take the whole cluster down: scripts/local-cluster down"
}
