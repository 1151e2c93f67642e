"""How far a proposed value is from what an attribute held.

    number -> number        d / (d + max(1, |held|)), d their difference: 0 for the same, towards 1 for what is far away
    timestamp -> timestamp  the same of their ages in days, at the moment of the evaluation
    bool, string            1
    list -> list            the number of elements that are added or removed
    known -> unknown        1
    unknown -> known        1; where the value is stale, more by the distance from the stale one

The distance of a change is the sum over its attributes. Only changes of as many attributes are compared by it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from shared.values import Feature, FeatureStatus, Value

_DAY = timedelta(days=1)


def distance(held: Feature, needed: Value, now: datetime) -> float:
    """`needed` None: unknown."""
    if held.status is FeatureStatus.PRESENT:
        return 1.0 if needed is None else _between(held.value, needed, now)
    if needed is None:
        return 0.0
    is_stale = held.status is FeatureStatus.STALE and held.value is not None
    return 1.0 + (_between(held.value, needed, now) if is_stale else 0.0)


def _between(held: Value, needed: Value, now: datetime) -> float:
    if isinstance(held, tuple) and isinstance(needed, tuple):
        before, after = Counter(held), Counter(needed)
        return float(((before - after) + (after - before)).total())
    if isinstance(held, datetime) and isinstance(needed, datetime):
        return _relative((now - held) / _DAY, (now - needed) / _DAY)
    if isinstance(held, bool | str) or not isinstance(held, int | float) or not isinstance(needed, int | float):
        return float(held != needed)
    return _relative(held, needed)


def _relative(held: float, needed: float) -> float:
    # Divided first: the difference of two doubles may be beyond all doubles.
    scale = max(1.0, abs(held))
    apart = abs(needed / scale - held / scale)
    return 1.0 if apart == float("inf") else apart / (apart + 1.0)
