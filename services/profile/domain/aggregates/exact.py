"""Exact addition of floats, so that a sum does not depend on the order of its addends.

Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", section 2: a number
is kept as a few floats that do not overlap; adding one more loses nothing. `math.fsum` rounds once, at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

MAX_ADDEND = 1e290
"""Larger addends could overflow before a sum of them does."""


def add_exactly(partials: Iterable[float], addends: Iterable[float]) -> tuple[float, ...]:
    """The partials of the old sum plus all addends."""
    current = list(partials)
    for addend in addends:
        current = _with(current, addend)
    return tuple(current)


def rounded(partials: Iterable[float]) -> float:
    """The float nearest to the exact sum."""
    return math.fsum(partials)


def _with(partials: list[float], addend: float) -> list[float]:
    kept = []
    for partial in partials:
        large, small = (addend, partial) if abs(addend) >= abs(partial) else (partial, addend)
        addend = large + small
        lost = small - (addend - large)
        if lost:
            kept.append(lost)
    if addend:
        kept.append(addend)
    return kept
