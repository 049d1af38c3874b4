// Compiles BuildKit: buildkitd and buildctl.
module kubectl-submit/local-cluster/buildkit

go 1.26.0

require github.com/moby/buildkit v0.32.2

// Two versions that BuildKit's dependencies ask for and that hide newer releases.
exclude (
	github.com/davecgh/go-spew v1.1.2-0.20180830191138-d8f796af33cc
	github.com/pmezard/go-difflib v1.0.1-0.20181226105442-5d4384ee4fb2
)
