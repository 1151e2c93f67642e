"""The look-ups of a policy side by side in arrays, as the kernel wants them.

They are in this order: ints and doubles, which the kernel locates by thresholds; then what is located here (strings,
bools, moments, and whatever is looked up by hash). Unknown is a region, too, the last of each look-up.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.rules.domain.indexed.kernel import Tables, look_up, survivors
from services.rules.domain.indexed.lookups import Locate, Lookup
from services.rules.domain.indexed.members import WORD_BITS, words_of
from services.rules.domain.indexed.native_tests import Derivation
from shared.values import Value

_KINDS = "i", "f", ""
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class LookupRows:
    """Every look-up reads a term. Terms are the values, and behind them what has to be derived from values.

    derived  per such term the place of the value, the derivation and the default
    numbers  the places of the terms that the kernel locates
    others   of the others the place, how the term is located, and the region of unknown
    layout   of the values that the kernel is given
    """

    derived: tuple[tuple[int, Derivation | None, Value], ...]
    numbers: tuple[int, ...]
    others: tuple[tuple[int, Locate, int], ...]
    layout: Struct
    tables: Tables

    @property
    def count(self) -> int:
        return len(self.numbers) + len(self.others)

    def add(self, fallen: NDArray[np.uint64], values: Sequence[Any], now: datetime) -> None:
        """Adds what falls by the look-ups to `fallen`, uint64[width / WORD_BITS]."""
        terms = values
        if self.derived:
            terms = [*values, *(_term(values[index], derive, default, now) for index, derive, default in self.derived)]
        numbers = [terms[place] for place in self.numbers]
        missing = _NOTHING
        if None in numbers:
            missing = np.array([place for place, value in enumerate(numbers) if value is None], np.int64)
            numbers = [0 if value is None else value for value in numbers]
        regions = [
            unknown if (value := terms[place]) is None else locate(value) or 0 for place, locate, unknown in self.others
        ]
        packed = np.frombuffer(self.layout.pack(*numbers, *regions), np.int64)
        look_up(packed, missing, fallen, *self.tables)


def _term(value: Any, derive: Derivation | None, default: Value, now: datetime) -> Any:
    if value is None:
        value = default
    return value if value is None or derive is None else derive(value, now)


def lookup_rows(lookups: Sequence[Lookup], values: int, width: int) -> LookupRows:
    """`values` is how many there are, the time included; `width` how many bits masks have, in whole words."""
    order = sorted(lookups, key=lambda each: _KINDS.index(_kind(each)))
    ints, doubles, others = (sum(_kind(each) == kind for each in order) for kind in _KINDS)
    derived: list[tuple[int, Derivation | None, Value]] = []
    places: list[int] = []
    for each in order:
        is_value = each.derive is None and each.default is None
        places.append(each.index if is_value else values + len(derived))
        if not is_value:
            derived.append((each.index, each.derive, each.default))
    return LookupRows(
        derived=tuple(derived),
        numbers=tuple(places[: ints + doubles]),
        others=tuple(
            (place, each.table.locate, len(each.table.masks.rows))
            for place, each in zip(places, order, strict=True)
            if not isinstance(each.table.locate, np.ndarray)
        ),
        layout=Struct(f"={ints}q{doubles}d{others}q"),
        tables=_tables(order, ints, width),
    )


def warm_up() -> None:
    """Has the kernel compiled, or read from disk, if that has not been done."""
    fallen = np.zeros(1, np.uint64)
    look_up(words_of(0, 0).view(np.int64), _NOTHING, fallen, *_tables((), 0, WORD_BITS))
    survivors(fallen, 1, 1, np.empty(1, np.int64))


def _kind(lookup: Lookup) -> str:
    """numpy's name for the kind of number that the kernel locates, or none."""
    return lookup.table.locate.dtype.kind if isinstance(lookup.table.locate, np.ndarray) else ""


def _tables(order: Sequence[Lookup], ints: int, width: int) -> Tables:
    thresholds = [each.table.locate for each in order if isinstance(each.table.locate, np.ndarray)]
    masks = _Masks()
    rows, starts, stops, flips = array("i"), array("I"), array("I"), array("I")
    for each in order:
        of_lookup, first = each.table.masks, len(flips)
        row_of = [masks.row(mask) for mask in of_lookup.masks]
        rows.extend([*(row_of[row] for row in of_lookup.rows), masks.row(each.unknown)])
        starts.extend([*(first + start for start in of_lookup.starts), first])
        stops.extend([*(first + stop for stop in of_lookup.stops), first])
        flips.extend(of_lookup.flips)
    return Tables(
        numbers=np.array([ints, *_ends(map(len, thresholds))], np.int64),
        thresholds=np.concatenate([_NOTHING, *(each.view(np.int64) for each in thresholds)]),
        regions=np.array(_ends(len(each.table.masks.rows) + 1 for each in order), np.int64),
        rows=np.array(rows, np.int32),
        starts=np.array(starts, np.uint32),
        stops=np.array(stops, np.uint32),
        flips=np.array(flips, np.uint32),
        masks=masks.matrix(width),
    )


def _ends(sizes: Iterable[int]) -> list[int]:
    return list(accumulate(sizes, initial=0))


class _Masks:
    """Equal ones once."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}

    def row(self, mask: int) -> int:
        return self._rows.setdefault(mask, len(self._rows))

    def matrix(self, width: int) -> NDArray[np.uint64]:
        """uint64[masks, width / WORD_BITS]"""
        matrix = np.empty((len(self._rows), width // WORD_BITS), np.uint64)
        for row, mask in enumerate(self._rows):
            matrix[row] = words_of(mask, width)
        return matrix
