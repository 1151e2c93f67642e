"""Events in the order of their times: what rolling windows are answered from.

Exact while a window holds at most MAX_CELLS events of one profile. Beyond that, neighbours are merged into cells of at
most 1/1024 of the events. A cell counts whole or not at all, by its newest time, so that a count, a sum or a rate is
off by at most the events of the one cell that the start of the window cuts: 0.1 % of them. This bounds a profile that
a robot or a shared device floods.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from services.profile.domain.aggregates.exact import rounded
from services.profile.domain.aggregates.states import Series
from services.profile.domain.aggregates.windows import Span

MAX_CELLS = 4_096
_CELLS_AFTER_MERGE = MAX_CELLS // 4


def extended(series: Series, samples: Iterable[tuple[int, float | None]], window_ms: int) -> Series:
    """The series with more events, in whatever order they come; a value of None is not kept.

    What the window of the newest event leaves behind is dropped.
    """
    times, values, counts = list(series.times), list(series.values), list(series.counts)
    for time_ms, value in samples:
        place = bisect_right(times, time_ms)
        times.insert(place, time_ms)
        if value is not None:
            values.insert(place, value)
        if counts:
            counts.insert(place, 1)
    kept = _within_window(Series(times, values, counts, series.forgotten_ms), window_ms)
    return _merged(kept) if len(kept.times) > MAX_CELLS else kept


def joined(left: Series, right: Series, window_ms: int) -> Series:
    """The series of the events of both."""
    times = left.times + right.times
    order = sorted(range(len(times)), key=times.__getitem__)
    values = left.values + right.values
    counts = counts_of(left) + counts_of(right) if left.counts or right.counts else []
    forgotten_ms = max(left.forgotten_ms, right.forgotten_ms)
    every = Series(
        [times[i] for i in order],
        [values[i] for i in order] if values else [],
        [counts[i] for i in order] if counts else [],
        forgotten_ms,
    )
    kept = _within_window(every, window_ms)
    return _merged(kept) if len(kept.times) > MAX_CELLS else kept


def span(series: Series, of: Span) -> slice | None:
    """The cells of (after, until]; None where some of them were dropped."""
    after_ms, until_ms = of
    if after_ms < series.forgotten_ms:
        return None
    return slice(bisect_right(series.times, after_ms), bisect_right(series.times, until_ms))


def counts_of(series: Series) -> list[int]:
    return series.counts or [1] * len(series.times)


def events_in(series: Series, cells: slice) -> int:
    return sum(series.counts[cells]) if series.counts else cells.stop - cells.start


def _within_window(series: Series, window_ms: int) -> Series:
    times = series.times
    out = bisect_right(times, times[-1] - window_ms) if times else 0
    if not out:
        return series
    forgotten_ms = max(series.forgotten_ms, times[out - 1])
    return Series(times[out:], series.values[out:], series.counts[out:], forgotten_ms)


def _merged(series: Series) -> Series:
    counts = counts_of(series)
    groups = groups_of(counts)
    return Series(
        [series.times[group.stop - 1] for group in groups],
        [rounded(series.values[group]) for group in groups] if series.values else [],
        [sum(counts[group]) for group in groups],
        series.forgotten_ms,
    )


def groups_of(counts: Sequence[int]) -> list[slice]:
    """Neighbours together while they hold at most 1/1024 of the events."""
    limit = -(-sum(counts) // _CELLS_AFTER_MERGE)
    groups: list[slice] = []
    start, held = 0, 0
    for index, count in enumerate(counts):
        if held and held + count > limit:
            groups.append(slice(start, index))
            start, held = index, 0
        held += count
    return [*groups, slice(start, len(counts))]
