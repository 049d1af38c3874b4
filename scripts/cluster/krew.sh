# krew and the program with which its index checks a manifest, for the tests of what users install.

install_krew() {
  install_parts "krew $KREW_VERSION"
}

build_krew() {
  compile install -ldflags '-s -w' "sigs.k8s.io/krew/cmd/"{krew,validate-krew-manifest}"@v$KREW_VERSION"
  mv out/krew "$bin/kubectl-krew"
  mv out/validate-krew-manifest "$bin/"
}
