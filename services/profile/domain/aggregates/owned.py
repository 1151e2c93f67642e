"""OWNED: the values of a property that came more often than they went back: things bought and not returned.

Values are texts of at most 256 bytes (`samples.texts`). Exact up to MAX_VALUES different ones. With more, those with
the smallest hashes are kept: which ones, does not depend on the order of arrival. What the owned things imply is added
when the answer is read (`relations.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from heapq import nsmallest

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import hash_of, texts
from services.profile.domain.aggregates.states import Holdings
from services.profile.domain.events import Event
from shared.values import Feature, present

MAX_VALUES = 4_096


def empty() -> Holdings:
    return Holdings({})


def fold(formula: Formula, state: Holdings, events: Sequence[Event]) -> Holdings:
    held, newest_ms = dict(state.held), state.newest_ms
    for event_type, change in ((formula.event, 1), (formula.returned, -1)):
        for time_ms, _, text in texts((each for each in events if each.type == event_type), formula.property_name):
            held[text] = held.get(text, 0) + change
            newest_ms = max(newest_ms, time_ms)
    return _kept(held, newest_ms)


def combine(_: Formula, left: Holdings, right: Holdings) -> Holdings:
    held = dict(left.held)
    for text, count in right.held.items():
        held[text] = held.get(text, 0) + count
    return _kept(held, max(left.newest_ms, right.newest_ms))


def read(_: Formula, state: Holdings, read_ms: int, __: tzinfo) -> Feature | None:
    if read_ms < state.newest_ms:
        return None
    return present(tuple(sorted(text for text, count in state.held.items() if count > 0)))


def _kept(held: dict[str, int], newest_ms: int) -> Holdings:
    held = {text: count for text, count in held.items() if count}
    if len(held) > MAX_VALUES:
        held = dict(nsmallest(MAX_VALUES, held.items(), key=lambda item: (hash_of(item[0]), item[0])))
    return Holdings(held, newest_ms)
