"""Presentations in columns: some hundred thousand of them in the memory that as many rows of numbers take.

numbers    float64[N]   of a feature: the value of bool, int and float, else NaN
codes      int32[N]     of a feature: the place of its value among `values`; -1 where it is a plain number or not known
ages_ms    int64[M]     of past contacts, of each presentation only those of its own action
ends       int64[N]     where those of each presentation end among them

A plain number is an int or a float that a double holds exactly; everything else is kept as it was.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base_model.columns import ATTRIBUTE_PREFIX, KIN, PLACES, Shown
from services.scoring.domain.feature_set import ActionDeclaration, CrossDeclaration
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.past_contacts import ages_of, crossed, without_past_contacts
from shared.values import Feature, Value, present

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

_EXACT = 2**53
_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class ValueColumn:
    """The arrays drawn above."""

    numbers: Floats
    codes: Codes
    values: tuple[Value, ...] = ()

    def take(self, rows: slice) -> ValueColumn:
        return replace(self, numbers=self.numbers[rows], codes=self.codes[rows])

    def counts(self) -> Iterable[tuple[Value, int]]:
        """Of the values that are no plain numbers, how often each is there."""
        found = np.bincount(self.codes + 1, minlength=len(self.values) + 1)[1:]
        return [(value, int(count)) for value, count in zip(self.values, found, strict=True) if count]

    def at(self, row: int) -> Value:
        code, number = int(self.codes[row]), float(self.numbers[row])
        if code != _NONE:
            return self.values[code]
        return None if np.isnan(number) else number


@dataclass(frozen=True, slots=True, eq=False)
class PastContacts:
    """The arrays drawn above; `known` bool[N]: whether it was known what the customer was shown before."""

    ages_ms: NDArray[np.int64]
    ends: NDArray[np.int64]
    known: NDArray[np.bool_]

    def take(self, rows: slice) -> PastContacts:
        """Of rows that follow one another."""
        ends, first = self.ends[rows], rows.indices(self.ends.size)[0]
        begin = int(self.ends[first - 1]) if first else 0
        end = int(ends[-1]) if ends.size else begin
        return PastContacts(self.ages_ms[begin:end], ends - begin, self.known[rows])

    def crossed(self, cross: CrossDeclaration) -> Floats:
        """float64[N]."""
        return crossed(cross, self.ages_ms, self.ends, self.known)


@dataclass(frozen=True, slots=True, eq=False)
class ShownTable:
    """N presentations: `action` int32[N] are places in `actions`; `places` are channel and placement."""

    actions: tuple[ActionDeclaration, ...]
    action: Codes
    places: Mapping[str, ValueColumn]
    features: Mapping[str, ValueColumn]
    contacts: PastContacts

    def __len__(self) -> int:
        return int(self.action.size)

    def take(self, rows: slice) -> ShownTable:
        return replace(
            self,
            action=self.action[rows],
            places={name: column.take(rows) for name, column in self.places.items()},
            features={name: column.take(rows) for name, column in self.features.items()},
            contacts=self.contacts.take(rows),
        )

    def counts(self, side: Side, name: str) -> Iterable[tuple[Value, int]]:
        """How often each value of a feature, or of what an action or a place is, was there; plain numbers left out."""
        if side is Side.CROSS:
            return self.places[name].counts()
        if side is Side.CUSTOMER:
            return self.features[name].counts() if name in self.features else ()
        found = np.bincount(self.action, minlength=len(self.actions))
        return [(of_action(name, each), int(count)) for each, count in zip(self.actions, found, strict=True) if count]

    def features_at(self, row: int) -> dict[str, Feature]:
        """Those that were known, but for past contacts."""
        found = ((name, column.at(row)) for name, column in self.features.items())
        return {name: present(value) for name, value in found if value is not None}


def of_action(name: str, action: ActionDeclaration) -> Value:
    """What the action is, by a column's name."""
    if name in KIN:
        return str(getattr(action, name))
    return action.attributes.get(name.removeprefix(ATTRIBUTE_PREFIX))


def table_of(shown: Sequence[Shown]) -> ShownTable:
    rows = ShownRows()
    for each in shown:
        rows.add(each)
    return rows.table()


class ShownRows:
    """Takes presentations one by one, and gives up the first ones when it is told to."""

    def __init__(self) -> None:
        self._actions: list[ActionDeclaration] = []
        self._action_places: dict[int, int] = {}
        self._action = array("i")
        self._places = {name: _Values() for name in PLACES}
        self._features: dict[str, _Values] = {}
        self._ages_ms, self._ends, self._are_known = array("q"), array("q"), array("b")

    def __len__(self) -> int:
        return len(self._action)

    @property
    def names(self) -> int:
        """Of features that were ever known."""
        return len(self._features)

    def add(self, shown: Shown) -> None:
        row = len(self)
        place = self._action_places.get(id(shown.action))
        if place is None:  # the list keeps the object, and thereby its id
            place = self._action_places[id(shown.action)] = len(self._actions)
            self._actions.append(shown.action)
        self._action.append(place)
        self._places["channel"].put(row, shown.channel)
        self._places["placement"].put(row, shown.placement)
        ages_ms = ages_of(shown.features, shown.action.action)
        self._ages_ms.extend(ages_ms or ())
        self._ends.append(len(self._ages_ms))
        self._are_known.append(ages_ms is not None)
        for name, feature in without_past_contacts(shown.features).items():
            if feature.is_known and feature.value is not None:
                values = self._features.get(name)
                if values is None:
                    values = self._features[name] = _Values()
                values.put(row, feature.value)

    def drop_first(self, count: int) -> None:
        rows = len(self)
        if not count:
            return
        kept = self._contacts().take(slice(count, None))
        self._ages_ms, self._ends = array("q", kept.ages_ms.tobytes()), array("q", kept.ends.tobytes())
        del self._are_known[:count]
        del self._action[:count]
        for values in (*self._places.values(), *self._features.values()):
            values.drop_first(count, rows)

    def table(self) -> ShownTable:
        rows = len(self)
        return ShownTable(
            tuple(self._actions),
            np.array(self._action, np.int32),
            {name: values.column(rows) for name, values in self._places.items()},
            {name: values.column(rows) for name, values in self._features.items()},
            self._contacts(),
        )

    def _contacts(self) -> PastContacts:
        return PastContacts(
            np.array(self._ages_ms, np.int64), np.array(self._ends, np.int64), np.array(self._are_known, np.bool_)
        )


class _Values:
    """One column while it grows. Both arrays end at the last row that had something to put there."""

    def __init__(self) -> None:
        self._numbers = array("d")
        self._codes = array("i")
        self._values: list[Value] = []
        self._known: dict[tuple[object, Value], int] = {}

    def put(self, row: int, value: Value) -> None:
        if isinstance(value, bool | int | float):
            _pad(self._numbers, row, np.nan)
            self._numbers.append(float(value))
            if not isinstance(value, bool) and (isinstance(value, float) or -_EXACT < value < _EXACT):
                return
        # 1, 1.0 and True are equal, and are not spelt alike.
        key = (tuple(map(type, value)) if isinstance(value, tuple) else type(value)), value
        code = self._known.get(key)
        if code is None:
            code = self._known[key] = len(self._values)
            self._values.append(value)
        _pad(self._codes, row, _NONE)
        self._codes.append(code)

    def drop_first(self, count: int, rows: int) -> None:
        column = self.column(rows).take(slice(count, None))
        kept, codes = np.unique(column.codes, return_inverse=True)
        kept, codes = (kept[1:], codes - 1) if kept.size and kept[0] == _NONE else (kept, codes)
        keys = list(self._known)
        self._numbers = array("d", column.numbers.tobytes())
        self._codes = array("i", codes.astype(np.int32).tobytes())
        self._values = [column.values[code] for code in kept]
        self._known = {keys[code]: place for place, code in enumerate(kept)}

    def column(self, rows: int) -> ValueColumn:
        numbers, codes = np.full(rows, np.nan), np.full(rows, _NONE, np.int32)
        numbers[: len(self._numbers)] = self._numbers
        codes[: len(self._codes)] = self._codes
        return ValueColumn(numbers, codes, tuple(self._values))


def _pad(column: array[float] | array[int], rows: int, nothing: float) -> None:
    if len(column) < rows:
        column.extend([nothing] * (rows - len(column)))  # type: ignore[list-item]
