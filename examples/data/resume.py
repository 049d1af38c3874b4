"""Stands for a training that goes on where the one before it ended: ten more steps each time."""

import os
from pathlib import Path

CHECKPOINT = Path("/checkpoints/steps")
SCRATCH = Path("/scratch/steps")

steps = int(CHECKPOINT.read_text()) if CHECKPOINT.exists() else 0
print(f"begins at step {steps}")
steps += 10
# Written beside it, and then renamed: so a checkpoint is never half there.
SCRATCH.write_text(str(steps))
new = CHECKPOINT.with_suffix(".new")
new.write_bytes(SCRATCH.read_bytes())
os.replace(new, CHECKPOINT)
print(f"ends at step {steps}")
