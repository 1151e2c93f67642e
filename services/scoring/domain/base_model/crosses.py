"""Features of a pair: what a customer is to each action of a catalogue, prepared when the catalogue is published.

A cross is unknown, NaN, where the customer's feature is not PRESENT or the action lacks the attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.feature_set import ActionDeclaration, CrossDeclaration, CrossKind
from services.scoring.domain.past_contacts import OF_CONTACTS, contacts_in, crossed
from shared.values import Feature, Scalar, Value

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BoundCross:
    """For A actions. `numbers` float64[A] of RATIO and DIFFERENCE; else `of` intp[A] are places among the distinct
    `values`, -1 for an action without the attribute. Of what reads past contacts the values are the actions."""

    declaration: CrossDeclaration
    values: tuple[Value, ...]
    of: NDArray[np.intp]
    numbers: Floats
    places: Mapping[Any, int]

    def __call__(self, feature: Feature) -> Floats:
        """float64[A], of a customer with this feature."""
        value = feature.value if feature.is_known else None
        match self.declaration.kind:
            case CrossKind.CONTAINS:
                return self._among(value if isinstance(value, tuple) else None)
            case CrossKind.EQUALS:
                return self._among(None if value is None or isinstance(value, tuple) else (value,))
            case CrossKind.RATIO:
                number = _number(value)
                return self.numbers / number if number else np.full(self.numbers.shape, np.nan)
            case CrossKind.DIFFERENCE:
                return self.numbers - _number(value)
            case CrossKind.DAYS_SINCE_SHOWN | CrossKind.TIMES_SHOWN:
                return self._shown(value if isinstance(value, tuple) else None)

    def of_numbers(self, numbers: Floats, rows: NDArray[np.integer[Any]]) -> Floats:
        """float64[n], of n customers with plain numbers, NaN where there is none, and an action each."""
        match self.declaration.kind:
            case CrossKind.CONTAINS:
                return np.full(numbers.shape, np.nan)
            case CrossKind.EQUALS:
                equal = self._comparable()[self.of[rows]] == numbers
                return np.where(np.isnan(numbers) | (self.of[rows] < 0), np.nan, equal)
            case CrossKind.RATIO:
                known = np.where(numbers == 0.0, np.nan, numbers)
                return np.asarray(self.numbers[rows] / known, np.float64)
            case CrossKind.DIFFERENCE:
                return np.asarray(self.numbers[rows] - numbers, np.float64)
            case CrossKind.DAYS_SINCE_SHOWN | CrossKind.TIMES_SHOWN:
                raise ValueError("past contacts are no numbers")

    def _comparable(self) -> Floats:
        """float64[values + 1], NaN for what equals no number."""
        numbers = [float(value) if isinstance(value, bool | int | float) else np.nan for value in self.values]
        return np.array([*numbers, np.nan])

    def _shown(self, contacts: tuple[Scalar, ...] | None) -> Floats:
        """Only the few actions that were shown are looked at one by one."""
        if contacts is None:
            return np.full(self.of.shape, np.nan)
        ages: dict[str, list[int]] = {}
        for age_ms, action in contacts_in(contacts):
            ages.setdefault(action, []).append(age_ms)
        flat = np.array([age_ms for each in ages.values() for age_ms in sorted(each)], np.int64)
        ends = np.cumsum([len(each) for each in ages.values()], dtype=np.intp)
        numbers = crossed(self.declaration, flat, ends, np.ones(ends.shape, np.bool_))
        found = np.full(len(self.values) + 1, 0.0 if self.declaration.kind is CrossKind.TIMES_SHOWN else np.nan)
        places = [self.places.get(action, len(self.values)) for action in ages]
        found[places] = numbers
        return found[self.of]

    def _among(self, known: tuple[Scalar, ...] | None) -> Floats:
        if known is None:
            return np.full(self.of.shape, np.nan)
        found = np.array([*(float(value in known) for value in self.values), np.nan])
        return found[self.of]  # the place of -1 is the last


def bind_cross(declaration: CrossDeclaration, actions: Sequence[ActionDeclaration]) -> BoundCross:
    values = [_value_of(action, declaration) for action in actions]
    distinct = tuple(dict.fromkeys(value for value in values if value is not None))
    places = {value: place for place, value in enumerate(distinct)}
    of = np.fromiter((-1 if value is None else places[value] for value in values), np.intp, len(values))
    numbers = np.array([_number(value) for value in values], np.float64)
    return BoundCross(declaration, distinct, of, numbers, places)


def _value_of(action: ActionDeclaration, declaration: CrossDeclaration) -> Value:
    return action.action if declaration.kind in OF_CONTACTS else action.attributes.get(declaration.attribute)


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else np.nan
