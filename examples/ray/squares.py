"""Spreads a little work over the workers of a Ray cluster, and says who did how much of it."""

import os
import time
from collections import Counter

import ray

ray.init(log_to_driver=False)


@ray.remote(num_cpus=1)
def square(number: int) -> tuple[str, int]:
    """The square of a number, and the node that found it."""
    time.sleep(0.2)
    return ray.get_runtime_context().get_node_id()[:8], number * number


found = ray.get([square.remote(number) for number in range(20)])
commit = os.environ.get("KUBECTL_SUBMIT_COMMIT", "no commit")
print(f"squares at {commit[:7]}:", sum(number for _, number in found))
for node, count in sorted(Counter(node for node, _ in found).items()):
    print(f"worker {node}: {count} squares")
