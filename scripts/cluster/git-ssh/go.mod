// Compiles the git server that speaks SSH.
module kubectl-submit/local-cluster/git-ssh

go 1.26.0

require golang.org/x/crypto v0.45.0

require golang.org/x/sys v0.38.0 // indirect
