"""What people and CI run: the local cluster, the demo, the benchmark, the release."""
