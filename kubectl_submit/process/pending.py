"""Questions that are asked early, so that other work goes on until the answer is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True)
class Pending(Generic[Answer_co]):
    """An answer that is on its way."""

    result: Callable[[], Answer_co]
    """Waits for it; raises what the question's own docstring says."""
