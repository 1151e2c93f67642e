"""COUNT: how many events, ever or within a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import newest_ms
from services.profile.domain.aggregates.series import events_in, extended, span
from services.profile.domain.aggregates.states import Series, Tally
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import Feature, present


def empty() -> Tally:
    return Tally()


def fold(_: Formula, state: Tally, events: Sequence[Event]) -> Tally:
    return Tally(state.count + len(events), newest_ms(events, state.newest_ms))


def combine(_: Formula, left: Tally, right: Tally) -> Tally:
    return Tally(left.count + right.count, max(left.newest_ms, right.newest_ms))


def read(_: Formula, state: Tally, read_ms: int, __: tzinfo) -> Feature | None:
    return present(state.count) if read_ms >= state.newest_ms else None


def fold_window(formula: Formula, state: Series, events: Sequence[Event]) -> Series:
    return extended(state, ((event.event_ms, None) for event in events), formula.horizon_ms)


def read_window(formula: Formula, state: Series, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    return None if cells is None else present(events_in(state, cells))
