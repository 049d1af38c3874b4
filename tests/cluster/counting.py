"""A program that counts, and the check that its lines are all there."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

# Writes `line 0` to `line $1 - 1`, pauses for $3 seconds after each $2 of them, runs $5 after $4
# lines, and ends with a pause, because containerd 1.6 can lose the last lines of a container that
# ends at once.
COUNT = """
i=0
while [ $i -lt $1 ]; do
  echo "line $i"
  i=$((i + 1))
  [ $((i % $2)) != 0 ] || sleep $3
  [ $i != $4 ] || eval "$5"
done
sleep 2
"""


def count(lines: int, batch: int = 200, pause: float = 0.2, halfway: str = ":") -> list[str]:
    """The command that counts; `halfway`: what its shell runs after half of the lines."""
    numbers = [str(lines), str(batch), str(pause), str(lines // 2)]
    return ["sh", "-c", COUNT, "count", *numbers, halfway]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many lines of the count are wrong in some output."""

    lost: int
    repeated: int
    strange: int


def check(output: str, *, workers: int, lines: int) -> Counted:
    """Compare the output of workers that counted with what they wrote."""
    seen: dict[str, list[int]] = defaultdict(list)
    strange = 0
    for line in output.splitlines():
        match = re.fullmatch(r"(?:\[(\d+)\] )?line (\d+)", line)
        if not match:
            strange += 1
            continue
        numbers = seen[match[1] or "0"]
        strange += bool(numbers) and int(match[2]) < numbers[-1]
        numbers.append(int(match[2]))
    different = sum(len(set(numbers)) for numbers in seen.values())
    written = sum(len(numbers) for numbers in seen.values())
    return Counted(lost=workers * lines - different, repeated=written - different, strange=strange)


FAULTLESS = Counted(lost=0, repeated=0, strange=0)
