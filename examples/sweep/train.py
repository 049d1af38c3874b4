"""Stands for a training: too high a rate diverges, any other takes its time."""

import sys
import time

rate = float(sys.argv[1])
print(f"rate {rate}", flush=True)
if rate > 0.5:
    sys.exit(3)
time.sleep(300)
