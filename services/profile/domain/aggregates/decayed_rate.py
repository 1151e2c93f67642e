"""DECAYED_RATE: events per day, each weighing 2^(-age / half-life).

The weights are divided by the weight of a day-by-day stream of one event per day, half-life / ln 2 days, so that a
steady stream of n events per day answers n; with a window, by the weight of such a stream within the window.

Forward decay (Cormode, Shkapenyuk, Srivastava and Xu 2009, "Forward Decay: A Practical Time Decay Model for Streaming
Systems"): an event enters with the fixed weight 2^(time / half-life), reading divides by 2^(read time / half-life); so
late events need no care. The weights grow without bound, so they are kept relative to a landmark in whole half-lives:
moving it multiplies by a power of two, which is exact, and so the order of arrival never shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.exact import add_exactly, rounded
from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import newest_ms
from services.profile.domain.aggregates.series import span
from services.profile.domain.aggregates.states import Decayed, Series
from services.profile.domain.events import Event
from shared.clock import MS_PER_DAY
from shared.values import Feature, present


def empty() -> Decayed:
    return Decayed()


def fold(formula: Formula, state: Decayed, events: Sequence[Event]) -> Decayed:
    newest = newest_ms(events, state.newest_ms)
    landmark = max(newest, 0) // formula.half_life_ms
    return Decayed(add_exactly(_moved(state, landmark), _weights(formula, events, landmark)), landmark, newest)


def combine(_: Formula, left: Decayed, right: Decayed) -> Decayed:
    landmark = max(left.landmark, right.landmark)
    partials = add_exactly(_moved(left, landmark), _moved(right, landmark))
    return Decayed(partials, landmark, max(left.newest_ms, right.newest_ms))


def read(formula: Formula, state: Decayed, read_ms: int, _: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    half_lives, rest_ms = divmod(read_ms, formula.half_life_ms)
    weight = rounded(state.partials) * 2.0 ** (-rest_ms / formula.half_life_ms)
    return present(math.ldexp(weight, state.landmark - half_lives) / _days_of_weight(formula))


def read_window(formula: Formula, state: Series, read_ms: int, _: tzinfo) -> Feature | None:
    """The same from single events, for a rate that looks at a window only."""
    cells = span(state, (read_ms - formula.window_ms, read_ms))
    if cells is None:
        return None
    counts = state.counts[cells] or [1] * (cells.stop - cells.start)
    weights = (
        count * 2.0 ** ((time_ms - read_ms) / formula.half_life_ms)
        for time_ms, count in zip(state.times[cells], counts, strict=True)
    )
    return present(math.fsum(weights) / _days_of_weight(formula))


def _moved(state: Decayed, landmark: int) -> list[float]:
    return [math.ldexp(partial, state.landmark - landmark) for partial in state.partials]


def _weights(formula: Formula, events: Sequence[Event], landmark: int) -> Iterator[float]:
    for event in events:
        half_lives, rest_ms = divmod(event.event_ms, formula.half_life_ms)
        yield math.ldexp(2.0 ** (rest_ms / formula.half_life_ms), half_lives - landmark)


def _days_of_weight(formula: Formula) -> float:
    days = formula.half_life_ms / MS_PER_DAY / math.log(2)
    return days * -math.expm1(-math.log(2) * formula.window_ms / formula.half_life_ms) if formula.window_ms else days
