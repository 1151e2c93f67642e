"""DISTINCT: how many different values a property had, ever or within a rolling window.

Exact up to MAX_VALUES different values; with more the answer stays at MAX_VALUES: the values seen most recently are
kept. Values are told apart by 64-bit hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import hashes
from services.profile.domain.aggregates.states import Distinct
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
    if formula.window_ms:
        seen_ms = {key: time_ms for key, time_ms in seen_ms.items() if time_ms > newest_ms - formula.window_ms}
    return Distinct(_bounded(seen_ms), newest_ms)


def read(formula: Formula, state: Distinct, read_ms: int) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    if not formula.window_ms:
        return present(len(state.seen_ms))
    start_ms = read_ms - formula.window_ms
    return present(sum(time_ms > start_ms for time_ms in state.seen_ms.values()))


def _bounded(seen_ms: dict[int, int]) -> dict[int, int]:
    if len(seen_ms) <= MAX_VALUES:
        return seen_ms
    return dict(nlargest(MAX_VALUES, seen_ms.items(), key=lambda item: (item[1], item[0])))
