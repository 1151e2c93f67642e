"""How the ends of an interval are looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def go_on() -> None:
    """Nobody is in a hurry."""


@dataclass(frozen=True, slots=True)
class Search:
    """`step` is called before every look at all rows, some eighty times for an interval. What it raises ends the
    search."""

    confidence: float = 0.95
    step: Callable[[], None] = go_on


DEFAULT_SEARCH = Search()
