"""A result that is computed in the background until it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True)
class Pending(Generic[Answer_co]):
    """A result that may not be there yet."""

    result: Callable[[], Answer_co]
    """Waits for the result; raises the errors of the function that started it."""
