"""TOP_K: the k most frequent values of a property, ever or within a window; of equally frequent ones those seen last,
then those that come first in the order of their characters.

Values are texts of at most 256 bytes (`samples.texts`). Exact up to MAX_VALUES different ones. With more, those with
the smallest hashes are kept: which ones, does not depend on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from heapq import nsmallest

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.samples import each_once, hash_of, texts
from services.profile.domain.aggregates.sightings import counts_of, extended, joined, span
from services.profile.domain.aggregates.states import Frequencies, Sightings
from services.profile.domain.aggregates.windows import span_of
from services.profile.domain.events import Event
from shared.values import Feature, present

MAX_VALUES = 4_096
MAX_K = 100

_Seen = dict[str, tuple[int, int]]
"""How often and when last, by value."""


def empty() -> Frequencies:
    return Frequencies({})


def fold(formula: Formula, state: Frequencies, events: Sequence[Event]) -> Frequencies:
    samples = list(texts(events, formula.property_name))
    seen = _counted(((time_ms, text, 1) for time_ms, _, text in samples), dict(state.seen))
    return _kept(seen, max([state.newest_ms, *(time_ms for time_ms, _, _ in samples)]))


def combine(_: Formula, left: Frequencies, right: Frequencies) -> Frequencies:
    theirs = ((newest_ms, text, count) for text, (count, newest_ms) in right.seen.items())
    return _kept(_counted(theirs, dict(left.seen)), max(left.newest_ms, right.newest_ms))


def read(formula: Formula, state: Frequencies, read_ms: int, _: tzinfo) -> Feature | None:
    return _top(formula, state.seen) if read_ms >= state.newest_ms else None


def fold_window(formula: Formula, state: Sightings, events: Sequence[Event]) -> Sightings:
    return extended(state, texts(events, formula.property_name), formula.horizon_ms, each_once)


def combine_window(formula: Formula, left: Sightings, right: Sightings) -> Sightings:
    return joined(left, right, formula.horizon_ms, each_once)


def read_window(formula: Formula, state: Sightings, read_ms: int, zone: tzinfo) -> Feature | None:
    cells = span(state, span_of(formula, read_ms, zone))
    if cells is None:
        return None
    samples = zip(state.times[cells], map(str, state.values[cells]), counts_of(state)[cells], strict=True)
    return _top(formula, _counted(samples, {}))


def _counted(samples: Iterable[tuple[int, str, int]], seen: _Seen) -> _Seen:
    for time_ms, text, count in samples:
        before, newest_ms = seen.get(text, (0, time_ms))
        seen[text] = (before + count, max(newest_ms, time_ms))
    return seen


def _kept(seen: _Seen, newest_ms: int) -> Frequencies:
    if len(seen) > MAX_VALUES:
        seen = dict(nsmallest(MAX_VALUES, seen.items(), key=lambda item: (hash_of(item[0]), item[0])))
    return Frequencies(seen, newest_ms)


def _top(formula: Formula, seen: _Seen) -> Feature:
    best = nsmallest(formula.k, seen.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return present(tuple(text for text, _ in best))
