"""What is said of the steps of a build: a line for each, and where the time went. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kubectl_submit.build_backends.buildkit_log import Step

EXPORT = "exporting to image"
CACHE = re.compile(r"(importing|exporting) .*cache")
NO_CACHE = re.compile(r"failed to configure registry cache importer: .*: not found$")
NOTABLE_SECONDS = 1.0
"""What BuildKit does beside the steps of the Dockerfile is told where it takes that long."""
MIN_WIDTH = 30
DIGEST = re.compile(r"@?sha256:([0-9a-f]{12})[0-9a-f]{52}")


def name(step: Step) -> str:
    """The step's name in one line, without the digest of an image."""
    return " ".join(DIGEST.sub("", step.name).split())


def doing(step: Step) -> str:
    """What it does, or has written last."""
    return DIGEST.sub(r"sha256:\1", step.doing)


def base_seconds(step: Step) -> float:
    """The seconds that it pulled and unpacked what it is built on."""
    if step.instruction == "FROM" or step.from_cache:
        return step.seconds if step.pulled or step.unpacked else 0.0
    return step.unpacking


def is_told(step: Step) -> bool:
    """Whether a step that has ended gets a line."""
    if step.canceled or NO_CACHE.search(step.error):
        return False
    if step.error or step.name == EXPORT:
        return True
    if step.instruction == "FROM":
        return step.pulled
    return bool(step.instruction) or step.seconds >= NOTABLE_SECONDS


def line(step: Step, seconds: float | None = None, *, width: int = 0) -> str:
    """The line of a step.

    `seconds`: since it began, if it has not ended. `width`: how long the line may be; 0: as long
    as it is.
    """
    base, after = base_seconds(step), ""
    if seconds is not None and (step.from_cache or step.unpacked):
        base = seconds
    if step.error:
        took = "error"
    elif step.from_cache:
        took = "cached"
    else:
        took = f"{step.seconds if seconds is None else seconds:.1f} s"
    if step.error and CACHE.match(step.name):  # docker does not repeat it at the end
        after = f": {step.error}"
    elif step.instruction not in ("", "FROM") and base >= NOTABLE_SECONDS:
        after = f" ({base:.1f} s unpacking the base)"
    text = f"{took:>8}  {name(step)}"
    return (cut(text, max(MIN_WIDTH, width - len(after))) if width else text) + after


def cut(text: str, width: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= width else text[: width - 3] + "..."


def summary(steps: Sequence[Step], seconds: float, until_it_began: float) -> str:
    """Where the time of a build went, in one line."""
    own = [step for step in steps if step.instruction not in ("", "FROM")]
    cached = sum(step.from_cache for step in own)
    running = sum(max(0.0, one.seconds - one.unpacking) for one in own if not one.from_cache)
    parts = [f"{cached} of {_count(len(own), 'step')} cached"] if own else []
    spent = [
        (until_it_began, "until it began"),
        (running, "for the other steps" if cached else "for the steps"),
        (sum(map(base_seconds, steps)), "unpacking the base"),
        (sum(step.seconds for step in steps if step.name == EXPORT), "push"),
    ]
    parts += [f"{time:.1f} s {what}" for time, what in spent if time >= 0.1]
    return f"built in {seconds:.1f} s" + (": " + ", ".join(parts) if parts else "")


def hint(steps: Iterable[Step]) -> str:
    """How to spare unpacking the base, if only a COPY or ADD without --link needed it."""
    ran = [one for one in steps if one.instruction not in ("", "FROM") and not one.from_cache]
    spared = sum(map(base_seconds, steps))
    plain = [one for one in ran if not re.match(r"\w+ (--\S+ )*--link\b", one.text)]
    if spared < NOTABLE_SECONDS or not plain:
        return ""
    if any(one.instruction not in ("COPY", "ADD") or "--from=" in one.text for one in ran):
        return ""
    copy = plain[0].text
    return (
        f"`{copy}` had the base unpacked ({spared:.1f} s); "
        f"`{copy.replace(' ', ' --link ', 1)}` would not"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
