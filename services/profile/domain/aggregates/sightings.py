"""Events with a value, in the order of (time, event id): what windows of values are answered from.

Exact while a window holds at most MAX_CELLS events of one profile. Beyond that, neighbours are merged into cells of at
most 1/1024 of the events, which count whole or not at all, by their newest time; which values a cell keeps, the measure
says (`Pick`). Where even that leaves more, the oldest cells are dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from services.profile.domain.aggregates.series import MAX_CELLS, groups_of
from services.profile.domain.aggregates.states import Sightings
from services.profile.domain.aggregates.windows import Span
from shared.values import Value

Sample = tuple[int, str, Value]
"""Time, event id, value."""

Pick = Callable[[Sequence[Value]], Iterable[int]]
"""Which of the values of neighbouring events stand for them all, by their indexes in ascending order."""


def nothing_seen() -> Sightings:
    return Sightings([], [], [], [])


def extended(state: Sightings, samples: Iterable[Sample], horizon_ms: int, pick: Pick) -> Sightings:
    """With more events, in whatever order they come. What the horizon of the newest one leaves behind is dropped."""
    fresh = sorted(samples, key=lambda sample: sample[:2])
    if not fresh:
        return state
    added = Sightings([each[0] for each in fresh], [each[1] for each in fresh], [each[2] for each in fresh], [])
    return joined(state, added, horizon_ms, pick)


def joined(left: Sightings, right: Sightings, horizon_ms: int, pick: Pick) -> Sightings:
    """The events of both."""
    every = _sorted(left, right)
    kept = _within(every, horizon_ms)
    return _merged(kept, pick) if len(kept.times) > MAX_CELLS else kept


def span(state: Sightings, of: Span) -> slice | None:
    """The cells of (after, until]; None where some of them were dropped."""
    after_ms, until_ms = of
    if after_ms < state.forgotten_ms:
        return None
    return slice(bisect_right(state.times, after_ms), bisect_right(state.times, until_ms))


def counts_of(state: Sightings) -> list[int]:
    return state.counts or [1] * len(state.times)


def _sorted(left: Sightings, right: Sightings) -> Sightings:
    forgotten_ms = max(left.forgotten_ms, right.forgotten_ms)
    counts = counts_of(left) + counts_of(right) if left.counts or right.counts else []
    times, ids, values = left.times + right.times, left.ids + right.ids, left.values + right.values
    order = sorted(range(len(times)), key=lambda index: (times[index], ids[index]))
    return Sightings(
        [times[i] for i in order],
        [ids[i] for i in order],
        [values[i] for i in order],
        [counts[i] for i in order] if counts else [],
        forgotten_ms,
    )


def _within(state: Sightings, horizon_ms: int) -> Sightings:
    times = state.times
    out = bisect_right(times, times[-1] - horizon_ms) if times else 0
    if not out:
        return state
    forgotten_ms = max(state.forgotten_ms, times[out - 1])
    return Sightings(times[out:], state.ids[out:], state.values[out:], state.counts[out:], forgotten_ms)


def _merged(state: Sightings, pick: Pick) -> Sightings:
    counts = counts_of(state)
    merged = Sightings([], [], [], [], state.forgotten_ms)
    for group in groups_of(counts):
        values = state.values[group]
        picked = list(pick(values))
        for place in picked:
            merged.times.append(state.times[group.stop - 1])
            merged.ids.append(state.ids[group.start + place])
            merged.values.append(values[place])
            merged.counts.append(_events_of(place, picked, values, counts[group]))
    dropped = max(len(merged.times) - MAX_CELLS, 0)
    columns = (merged.times[dropped:], merged.ids[dropped:], merged.values[dropped:], merged.counts[dropped:])
    return Sightings(*columns, state.forgotten_ms)


def _events_of(place: int, picked: Sequence[int], values: Sequence[Value], counts: Sequence[int]) -> int:
    """Of one value those that have it, where all values are kept; of one for all, all of them."""
    if len(picked) == 1:
        return sum(counts)
    return sum(count for value, count in zip(values, counts, strict=True) if value == values[place])
