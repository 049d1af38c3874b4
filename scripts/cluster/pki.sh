# Certificates, made once, and the kubeconfigs that use them.

create_certificates() {
  [[ ! -f $etc/pki/admin.crt ]] || return 0
  local pki=$etc/pki
  rm -rf "$pki"
  mkdir -p "$pki"
  authority ca kubernetes-ca
  authority front-proxy-ca front-proxy-ca
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/service-account.key"
  openssl ec -in "$pki/service-account.key" -pubout -out "$pki/service-account.pub"
  certificate apiserver ca /CN=kube-apiserver serverAuth "DNS:kubernetes,DNS:kubernetes.default,\
DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:10.96.0.1,IP:$node_address"
  certificate apiserver-kubelet ca /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
  certificate front-proxy front-proxy-ca /CN=front-proxy-client clientAuth
  certificate controller-manager ca /CN=system:kube-controller-manager clientAuth
  certificate scheduler ca /CN=system:kube-scheduler clientAuth
  certificate kube-proxy ca /CN=system:kube-proxy clientAuth
  certificate kubelet ca /O=system:nodes/CN=system:node:node1 clientAuth
  certificate admin ca /O=system:masters/CN=admin clientAuth # last: see above
}

# Written anew for each cluster: `kubectl config set-context --namespace` changes the file of the user who ran it.
create_kubeconfigs() {
  local user
  for user in controller-manager scheduler kube-proxy kubelet admin; do
    kubeconfig "$user"
  done
}

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes) # quicker to make than RSA

# authority NAME COMMON_NAME
authority() {
  openssl req -x509 "${new_key[@]}" -days 3650 -subj "/CN=$2" -keyout "$etc/pki/$1.key" -out "$etc/pki/$1.crt" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# certificate NAME AUTHORITY SUBJECT PURPOSE [ALTERNATIVE_NAMES]
certificate() {
  local pki=$etc/pki names=${5:+subjectAltName=$5}
  openssl req "${new_key[@]}" -subj "$3" -keyout "$pki/$1.key" -out "$pki/$1.csr"
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/$2.crt" -CAkey "$pki/$2.key" -CAcreateserial -days 3650 \
    -out "$pki/$1.crt" -extfile <(
      printf '%s\n' keyUsage=critical,digitalSignature,keyEncipherment "extendedKeyUsage=$4" "$names"
    )
  rm "$pki/$1.csr"
}

# kubeconfig USER
kubeconfig() {
  cat >"$etc/$1.conf" <<END
apiVersion: v1
kind: Config
clusters:
- {name: local, cluster: {server: "https://$node_address:6443", certificate-authority: $etc/pki/ca.crt}}
users:
- {name: $1, user: {client-certificate: $etc/pki/$1.crt, client-key: $etc/pki/$1.key}}
contexts:
- {name: local, context: {cluster: local, user: $1}}
current-context: local
END
}
