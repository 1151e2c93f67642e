"""Whether features are still what they were: the population stability index of each, against a reference.

A number counts by the deciles of its reference, a timestamp likewise by its hour of the day (UTC), a string or a
boolean by the most frequent labels and "other", a list by its length and by the labels of its elements, each of which
weighs 1 / length. `missing` is a bin of its own: all that is not PRESENT, or of another type than the reference is.

PSI is the sum over bins of (p - q) ln(p / q), Jeffreys' divergence (Siddiqi 2006, Credit Risk Scorecards). Both sides
get half a row in every bin, so that an empty one is finite. A list has the greater of its two.

Without drift, N rows against M have a PSI of about (bins - 1) (1 / N + 1 / M) (Yurdakul 2018): below some hundred rows
it says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from services.scoring.domain.health.reference import FeatureReference, Kind, kind_of
from shared.values import NOT_FOUND, Feature, Scalar, Value

DRIFTED = 0.25
"""Above it a population counts as another one (Siddiqi 2006)."""
_DECILES = np.arange(1, 10) / 10
_LABELS, _LABEL_LENGTH = 20, 128
_HALF_ROW = 0.5
_ROWS_AT_ONCE = 500
_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.NUMBER: frozenset({int, float}),
    Kind.HOUR: frozenset({datetime}),
    Kind.LABEL: frozenset({bool, str}),
    Kind.LIST: frozenset({tuple}),
}
"""Of values that are counted as such."""


def reference_of(rows: Sequence[Mapping[str, Feature]]) -> dict[str, FeatureReference]:
    """What every name was like; a name that a row does not have is missing there. O(rows × names)."""
    names = sorted({name for row in rows for name in row})
    return {name: _reference([_known(row.get(name, NOT_FOUND)) for row in rows]) for name in names}


def psi(references: Mapping[str, FeatureReference], rows: Iterable[Mapping[str, Feature]]) -> dict[str, float]:
    """Of every name that has a reference and that any row has."""
    tally = DriftTally(references)
    for row in rows:
        tally.add(row)
    return tally.psi()


class DriftTally:
    """Counts rows as they come, some hundred at once: a column of one feature is counted much faster than its values
    one by one."""

    def __init__(self, references: Mapping[str, FeatureReference] | None = None) -> None:
        self._counted = {name: _Counted(reference) for name, reference in (references or {}).items()}
        self._waiting: dict[str, list[Value]] = {}
        self._rows_waiting = 0

    def add(self, row: Mapping[str, Feature]) -> None:
        for name, feature in row.items():
            column = self._waiting.get(name)
            if column is None:
                column = self._waiting[name] = []
            column.append(feature.value if feature.is_known else None)
        self._rows_waiting += 1
        if self._rows_waiting >= _ROWS_AT_ONCE:
            self._count()

    @property
    def rows(self) -> dict[str, int]:
        """By name that came at least once, how often."""
        return {name: each.rows for name, each in self._came()}

    @property
    def missing(self) -> dict[str, float]:
        """By name that came at least once, the share of its rows in which it was not PRESENT."""
        return {name: each.missing / each.rows for name, each in self._came()}

    def psi(self) -> dict[str, float]:
        """By name that came at least once and has a reference."""
        found = {name: each.psi() for name, each in self._came()}
        return {name: index for name, index in found.items() if index is not None}

    def _came(self) -> list[tuple[str, _Counted]]:
        self._count()
        return [(name, each) for name, each in sorted(self._counted.items()) if each.rows]

    def _count(self) -> None:
        for name, column in self._waiting.items():
            counted = self._counted.get(name)
            if counted is None:
                counted = self._counted[name] = _Counted(None)
            counted.add(column)
            column.clear()
        self._rows_waiting = 0


@dataclass(slots=True)
class _Counted:
    """One feature's rows so far, in the bins of its reference."""

    reference: FeatureReference | None
    rows: int = 0
    missing: int = 0
    bins: Counter[int] = field(default_factory=Counter)
    label_weights: dict[int, float] = field(default_factory=dict)
    places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        labels = () if self.reference is None else self.reference.labels
        self.places = {label: place for place, label in enumerate(labels, 1)}

    def add(self, values: Sequence[Value]) -> None:
        self.rows += len(values)
        self.missing += sum(value is None for value in values)
        if self.reference is None:
            return
        kind = self.reference.kind
        mine = [value for value in values if type(value) in _TYPES[kind]]
        if kind is not Kind.LABEL:
            self._add_to_bins(mine, len(values) - len(mine))
        if kind in (Kind.LABEL, Kind.LIST):
            self._weigh(0, float(len(values) - len(mine)))
            # With the types: True and 1 are equal, and are not spelt alike.
            spelt = ((type(value) if kind is Kind.LABEL else tuple(map(type, value)), value) for value in mine)  # type: ignore[arg-type]
            for (_, value), count in Counter(spelt).items():
                for place, weight in self._label_places(value):
                    self._weigh(place, weight * count)

    def _add_to_bins(self, values: Sequence[Value], missing: int) -> None:
        assert self.reference is not None, "bins are those of a reference"
        numbers = np.array([_number(value) for value in values])
        places = 1 + np.searchsorted(np.array(self.reference.edges), numbers)
        self.bins[0] += missing
        for place, count in zip(*(each.tolist() for each in np.unique(places, return_counts=True)), strict=True):
            self.bins[place] += count

    def _weigh(self, place: int, weight: float) -> None:
        self.label_weights[place] = self.label_weights.get(place, 0.0) + weight

    def psi(self) -> float | None:
        known = self.reference
        if known is None:
            return None
        found = [
            _index(shares, known.rows, [counts.get(place, 0.0) for place in range(len(shares))])
            for shares, counts in ((known.shares, self.bins), (known.label_shares, self.label_weights))
            if shares
        ]
        return max(found)

    def _label_places(self, value: Value) -> Iterator[tuple[int, float]]:
        other = len(self.places) + 1
        for label, weight in _labels(value):
            yield self.places.get(label, other), weight


def _reference(values: Sequence[Value]) -> FeatureReference:
    kinds = Counter(kind_of(value) for value in values if value is not None)
    if not kinds:
        return FeatureReference(Kind.LABEL, len(values), label_shares=(1.0, 0.0))
    kind = max(kinds, key=lambda each: (kinds[each], each))
    mine = [value for value in values if value is not None and kind_of(value) is kind]
    edges = _edges(mine) if kind is not Kind.LABEL else ()
    labels = _frequent(mine) if kind in (Kind.LABEL, Kind.LIST) else ()
    blank = FeatureReference(
        kind,
        len(values),
        edges,
        (0.0,) * (len(edges) + 2) if kind is not Kind.LABEL else (),
        labels,
        (0.0,) * (len(labels) + 2) if kind in (Kind.LABEL, Kind.LIST) else (),
    )
    counted = _Counted(blank)
    counted.add(values)
    return FeatureReference(
        kind,
        len(values),
        edges,
        tuple(counted.bins[place] / len(values) for place in range(len(blank.shares))),
        labels,
        tuple(
            min(1.0, counted.label_weights.get(place, 0.0) / len(values)) for place in range(len(blank.label_shares))
        ),
    )


def _edges(values: Sequence[Value]) -> tuple[float, ...]:
    """Distinct deciles; none where all values are one."""
    numbers = np.array([_number(value) for value in values])
    return tuple(np.unique(np.quantile(numbers, _DECILES, method="inverted_cdf")).tolist())


def _frequent(values: Sequence[Value]) -> tuple[str, ...]:
    """The most frequent first; of two that are as frequent, the one that sorts first."""
    weights: dict[str, float] = {}
    for value in values:
        for label, weight in _labels(value):
            weights[label] = weights.get(label, 0.0) + weight
    weights.pop("", None)
    return tuple(sorted(weights, key=lambda label: (-weights[label], label))[:_LABELS])


def _labels(value: Value) -> Iterator[tuple[str, float]]:
    """What a row counts for; the weights add up to 1."""
    elements = value if isinstance(value, tuple) else (value,)
    if not elements:
        yield "", 1.0
    for element in elements:
        yield _label(element), 1.0 / len(elements)


def _label(element: Scalar | None) -> str:
    return (element if isinstance(element, str) else str(element))[:_LABEL_LENGTH]


def _number(value: Value) -> float:
    """Of a number itself, of a list its length, of a timestamp its hour."""
    if isinstance(value, tuple):
        return float(len(value))
    if isinstance(value, datetime):
        return float(value.hour)
    assert isinstance(value, int | float), "labels have no edges"
    return float(value)


def _known(feature: Feature) -> Value:
    return feature.value if feature.is_known else None


def _index(shares: Sequence[float], reference_rows: int, counts: Sequence[float]) -> float:
    """PSI of counts against shares, both smoothed by half a row a bin."""
    then = np.asarray(shares) * reference_rows + _HALF_ROW
    now = np.asarray(counts, np.float64) + _HALF_ROW
    p, q = now / now.sum(), then / then.sum()
    return float(((p - q) * np.log(p / q)).sum())
