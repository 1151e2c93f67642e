"""DISTINCT: how many different values a property had, ever or within a window.

Exact up to MAX_VALUES different values; with more the answer stays at MAX_VALUES: the values seen most recently are
kept. Values are told apart by 64-bit hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from heapq import nlargest

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import each_once, hashes
from services.profile.domain.aggregates.sightings import extended, joined, span
from services.profile.domain.aggregates.states import Distinct, Sightings
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import Feature, present

MAX_VALUES = 4_096


def empty() -> Distinct:
    return Distinct({})


def fold(formula: Formula, state: Distinct, events: Sequence[Event]) -> Distinct:
    seen_ms, newest_ms = dict(state.seen_ms), state.newest_ms
    for time_ms, value_hash in hashes(events, formula.property_name):
        seen_ms[value_hash] = max(time_ms, seen_ms.get(value_hash, time_ms))
        newest_ms = max(newest_ms, time_ms)
    return _kept(formula, seen_ms, newest_ms)


def combine(formula: Formula, left: Distinct, right: Distinct) -> Distinct:
    seen_ms = dict(left.seen_ms)
    for value_hash, time_ms in right.seen_ms.items():
        seen_ms[value_hash] = max(time_ms, seen_ms.get(value_hash, time_ms))
    return _kept(formula, seen_ms, max(left.newest_ms, right.newest_ms))


def read(formula: Formula, state: Distinct, read_ms: int, zone: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    if not formula.is_windowed:
        return present(len(state.seen_ms))
    after_ms, _ = span_of(formula, read_ms, zone)
    return present(sum(time_ms > after_ms for time_ms in state.seen_ms.values()))


def fold_previous(formula: Formula, state: Sightings, events: Sequence[Event]) -> Sightings:
    """For a window that is over: that a value was seen again later must not hide it."""
    samples = ((time_ms, "", value_hash) for time_ms, value_hash in hashes(events, formula.property_name))
    return extended(state, samples, formula.horizon_ms, each_once)


def combine_previous(formula: Formula, left: Sightings, right: Sightings) -> Sightings:
    return joined(left, right, formula.horizon_ms, each_once)


def read_previous(formula: Formula, state: Sightings, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    return None if cells is None else present(len(set(state.values[cells])))


def _kept(formula: Formula, seen_ms: dict[int, int], newest_ms: int) -> Distinct:
    if formula.is_windowed:
        seen_ms = {key: time_ms for key, time_ms in seen_ms.items() if time_ms > newest_ms - formula.horizon_ms}
    if len(seen_ms) > MAX_VALUES:
        seen_ms = dict(nlargest(MAX_VALUES, seen_ms.items(), key=lambda item: (item[1], item[0])))
    return Distinct(seen_ms, newest_ms)
