"""Says which worker of which commit this is, and what it was given."""

import os
import sys

rank, workers = os.environ["NODE_RANK"], os.environ["NNODES"]
commit = os.environ.get("KUBECTL_SUBMIT_COMMIT", "no commit")
print(f"hello from worker {rank} of {workers} at {commit[:7]}, arguments {sys.argv[1:]}")
print(f"GPUs of each worker: {os.environ['GPUS_PER_NODE']}")
