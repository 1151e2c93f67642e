"""Which events complete a pattern, for the slow reference of triggers: every way to choose them is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

from services.rules.domain.triggers.declaration import Pattern, PatternKind
from services.rules.domain.triggers.outcome import Happening


def order_of(happening: Happening) -> tuple[int, str]:
    return happening.event_ms, happening.event_id


def first_completion(pattern: Pattern, events: Mapping[str, tuple[Happening, set[int]]]) -> list[Happening]:
    """In their order; [] for none."""
    ordered = sorted((each for each, _ in events.values()), key=order_of)
    if pattern.kind is PatternKind.ANY:
        return ordered
    if pattern.kind in (PatternKind.COUNT, PatternKind.SUM):
        return _enough(pattern, ordered)
    found = list(_choices(pattern, ordered, events))
    if not found:
        return []
    first_end = min(order_of(max(each, key=order_of)) for each in found)
    ending_first = [each for each in found if order_of(max(each, key=order_of)) == first_end]
    looked_at = (lambda each: [order_of(e) for e in reversed(each)]) if pattern.kind is PatternKind.SEQUENCE else None
    best = max(ending_first, key=looked_at or (lambda each: [order_of(e) for e in each]))
    return sorted(best, key=order_of)


def _enough(pattern: Pattern, ordered: Sequence[Happening]) -> list[Happening]:
    for end, last in enumerate(ordered):
        window = [each for each in ordered[: end + 1] if last.event_ms - each.event_ms <= pattern.within_ms]
        if pattern.kind is PatternKind.COUNT:
            total: Fraction | int = len(window)
        else:
            total = sum((Fraction(each.properties[pattern.sum_of]) for each in window), Fraction(0))  # type: ignore[arg-type]
        if total >= pattern.at_least:
            return window
    return []


def _choices(
    pattern: Pattern, ordered: Sequence[Happening], events: Mapping[str, tuple[Happening, set[int]]]
) -> Iterator[tuple[Happening, ...]]:
    """Every way to give each match an event of its own, within the window, by number of the match."""
    numbers = range(len(pattern.matches))
    fitting: list[list[Happening]] = [[e for e in ordered if n in events[e.event_id][1]] for n in numbers]
    for chosen in product(*fitting):
        if len({each.event_id for each in chosen}) < len(chosen):
            continue
        times = [each.event_ms for each in chosen]
        if max(times) - min(times) > pattern.within_ms:
            continue
        if pattern.kind is PatternKind.SEQUENCE and [order_of(e) for e in chosen] != sorted(map(order_of, chosen)):
            continue
        yield chosen
