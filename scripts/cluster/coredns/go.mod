// Compiles CoreDNS with the plugins that main.go names.
module kubectl-submit/local-cluster/coredns

go 1.26.0

require github.com/coredns/coredns v1.14.7
