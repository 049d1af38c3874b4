# Targets for people and for CI. `make demo` and `make test` need a Debian machine with git, make,
# Python, Go and root, and nothing else: they bring up a cluster of their own. With
# CONTEXT=… IMAGE_REPOSITORY=… they use yours.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
CONTEXT ?=
IMAGE_REPOSITORY ?=
PYTEST := $(VENV)/bin/pytest
# Most of a test of the cluster is waiting: more of them at once than there are cores.
CLUSTER_WORKERS ?= 8
LOCAL := eval "$$(scripts/local-cluster env)"

.PHONY: help fuzz mutants format lint typecheck test test-starved test-unit test-docker test-cluster test-faults test-ray test-kueue \
	test-dist demo demo-ray cluster-up cluster-up-ray cluster-up-kueue cluster-up-nodes cluster-down bench dist lock test-pythons \
	release picture docs clean

help:  ## Show the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

# Debian's Python comes without what venv needs.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ apt-get update -qq && apt-get install -qq --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade pip
	$(VENV)/bin/pip install --quiet --editable . --group dev
	@touch $@

format: $(STAMP)  ## Format the code.
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

lint: $(STAMP)  ## Check format and style, and the workflows of GitHub.
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/zizmor --offline --quiet .github

typecheck: $(STAMP)  ## Check types.
	$(VENV)/bin/mypy

test: lint typecheck test-unit test-docker test-cluster  ## Run every check and test.

test-starved:  ## Run every check and test N times (10) while something else keeps two cores busy.
	scripts/starve $(or $(N),10) $(MAKE) test

test-unit: $(STAMP)  ## Test without docker and without a cluster.
	$(PYTEST) tests/unit -n auto --dist worksteal

fuzz: $(STAMP)  ## Try every parser with 10 000 values.
	$(PYTEST) tests/unit/test_fuzz.py -n auto --hypothesis-profile=fuzz

mutants: $(STAMP)  ## Break the log engine in many small ways; the unit tests must see each.
	$(VENV)/bin/python -m scripts.mutants $(ONLY)

test-docker: $(STAMP) cluster-up  ## Test local builds with docker buildx and a registry.
	@$(LOCAL) && $(PYTEST) tests/docker -n 2

test-cluster: $(STAMP) cluster-up  ## Test the installed command on a real cluster.
	@$(LOCAL) && $(PYTEST) tests/cluster --ignore tests/cluster/faults --ignore tests/cluster/ray \
		--ignore tests/cluster/kueue -n $(CLUSTER_WORKERS) --maxschedchunk 1

test-faults: $(STAMP) cluster-up-nodes  ## Kill parts and nodes of the local cluster while a job is followed.
	@$(LOCAL) && { $(PYTEST) tests/cluster/faults; code=$$?; scripts/local-cluster down nodes; exit $$code; }

# The versions with which they pass are written into docs/ray.md.
test-ray: $(STAMP) cluster-up-ray  ## Test Ray: KubeRay, real Ray clusters; KUBERAY_VERSION=… RAY_VERSION=… others.
	@$(LOCAL) && $(PYTEST) tests/cluster/ray -n 2 && $(VENV)/bin/python -m scripts.tested_versions

test-kueue: $(STAMP) cluster-up-kueue  ## Test queues: a real Kueue, which is removed again.
	@$(LOCAL) && $(PYTEST) tests/cluster/kueue -n 2; code=$$?; scripts/local-cluster down kueue && exit $$code

dist: $(STAMP)  ## Make what users install: wheel, source, single file, krew's archive; SBOM, checksums.
	$(VENV)/bin/python -m scripts.shipping

test-dist: dist cluster-up  ## Test what users install, as they install it, on a real cluster.
	@scripts/local-cluster install krew
	@$(LOCAL) && $(PYTEST) tests/dist -n 2

test-pythons: dist  ## Test the wheel with every supported Python that is there; PYTHONS=… names others.
	@scripts/test-pythons

release: $(STAMP)  ## Make a release, VERSION=1.2.3; with PUSH=--push it leaves this machine.
	$(VENV)/bin/python -m scripts.shipping.release $(PUSH) "$(VERSION)"

lock: $(STAMP)  ## Take the newest dependencies into the single file, and the newest tools to build it.
	$(VENV)/bin/python -m scripts.shipping.lock

demo: $(STAMP)  ## Run examples/hello on a cluster: the local one, or CONTEXT=… IMAGE_REPOSITORY=…
	@scripts/demo hello "$(CONTEXT)" "$(IMAGE_REPOSITORY)"

picture: $(STAMP) cluster-up  ## Draw the README's picture of a run, once `make demo` has run.
	@$(LOCAL) && $(VENV)/bin/python scripts/picture.py

docs: $(STAMP)  ## Build the site of the documentation into build/site; a dead link fails.
	$(VENV)/bin/pip install --quiet --group docs
	$(VENV)/bin/python -m scripts.options_page
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build

demo-ray: $(STAMP)  ## Run examples/ray on a cluster with KubeRay: the local one, or yours.
	@scripts/demo ray "$(CONTEXT)" "$(IMAGE_REPOSITORY)"

cluster-up:  ## Bring up the local cluster.
	@scripts/local-cluster install
	@scripts/local-cluster up

cluster-up-ray:  ## Bring up the local cluster with Ray and KubeRay.
	@scripts/local-cluster install ray
	@scripts/local-cluster up ray

cluster-up-nodes:  ## Bring up the local cluster with two more nodes.
	@scripts/local-cluster install
	@scripts/local-cluster up nodes

cluster-up-kueue:  ## Bring up the local cluster with Kueue.
	@scripts/local-cluster install kueue
	@scripts/local-cluster up kueue

cluster-down:  ## Take the local cluster down.
	@scripts/local-cluster down

bench: $(STAMP) cluster-up  ## Measure the speed against bare kubectl and stern; ONLY=lines measures a part.
	@scripts/local-cluster install bench
	@$(LOCAL) && $(VENV)/bin/python -m scripts.bench $(ONLY)

clean:  ## Remove what was made here.
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
