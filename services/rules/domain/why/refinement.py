"""Brings the numbers of a repair nearer to what was held, where no threshold said how near they may be.

By bisection between the value that was held, which does not do, and the one that does: exact where the expression has
one threshold between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from services.rules.domain.why.clause import Clause
from services.rules.domain.why.distance import distance
from services.rules.domain.why.judging import Subject
from services.rules.domain.why.search import Repair, Work
from shared.values import Feature, Value

_MAX_STEPS = 70
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = 1e-4
"""Doubles: how near, relative to the distance."""


def refined(
    repair: Repair, held: Mapping[str, Feature], clauses: Collection[Clause], subject: Subject, work: Work
) -> Repair:
    """`held` names what may be refined. Raises OutOfWork."""
    values = dict(repair.values)
    before = dict(subject.values)
    subject.values.update(values)
    try:
        for name, feature in held.items():
            readers = [each for each in clauses if name in each.reads]
            values[name] = subject.values[name] = _nearest(name, feature, values[name], readers, subject, work)
    finally:
        subject.values.update(before)
    nearer = sum(
        distance(feature, values[name], subject.now) - distance(feature, repair.values[name], subject.now)
        for name, feature in held.items()
    )
    return Repair(values, repair.distance + nearer)


def _nearest(
    name: str, feature: Feature, good: Value, readers: Collection[Clause], subject: Subject, work: Work
) -> Value:
    bad = feature.value
    for _ in range(_MAX_STEPS):
        middle = _middle(bad, good)
        if middle is None:
            break
        subject.values[name] = middle
        work.spend(sum(each.cost for each in readers))
        if all(each.passes(subject) for each in readers):
            good = middle
        else:
            bad = middle
    return good


def _middle(bad: Value, good: Value) -> Value:
    """None where there is nothing worth trying between them."""
    if isinstance(bad, bool) or isinstance(good, bool):
        return None
    if isinstance(bad, int) and isinstance(good, int):
        return (bad + good) // 2 if abs(good - bad) > 1 else None
    if isinstance(bad, float) and isinstance(good, float):
        near = abs(good - bad) <= _DIGITS * max(1.0, abs(good))
        return None if near else float(f"{bad / 2 + good / 2:.6g}")
    if isinstance(bad, datetime) and isinstance(good, datetime):
        steps = (good - bad) // _MILLISECOND
        return bad + steps // 2 * _MILLISECOND if abs(steps) > 1 else None
    return None
