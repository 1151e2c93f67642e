"""Presentations as the rows of a forest, and its three sides for one catalogue.

    matrix     float64[N, F]    of presentations, for training
    Sides      customer float64[Fc] · actions float64[A, Fa] · pairs float64[n, Fx], for scoring

Both give the same numbers for the same presentation; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.base.columns import (
    ATTRIBUTE_PREFIX,
    KIN,
    PLACES,
    ForestColumn,
    ForestColumns,
    Shown,
    place_of,
    reader,
)
from services.scoring.domain.base.crosses import BoundCross, bind_cross
from services.scoring.domain.feature_set import ActionDeclaration
from services.scoring.domain.forest.compiled import Side
from shared.values import NOT_FOUND, Feature, Value

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Codes = Mapping[str, Mapping[str, float]]


def matrix_of(columns: ForestColumns, shown: Sequence[Shown]) -> Floats:
    """float64[N, F]."""
    codes, found = columns.codes(), np.empty((len(shown), len(columns.columns)))
    crosses = {cross.name: cross for cross in columns.crosses}
    bound: dict[tuple[str, str], BoundCross] = {}
    for row, each in enumerate(shown):
        for place, column in enumerate(columns.columns):
            cross = crosses.get(column.name) if column.side is Side.CROSS else None
            if cross is None:
                found[row, place] = reader(column, codes, _value(column, each))
                continue
            key = column.name, each.action.action
            if key not in bound or bound[key].values != (each.action.attributes.get(cross.attribute),):
                bound[key] = bind_cross(cross, [each.action])
            found[row, place] = bound[key](each.features.get(cross.feature, NOT_FOUND))[0]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """A forest's columns for the A actions of one catalogue."""

    actions: Floats
    _customer: tuple[ForestColumn, ...]
    _pairs: tuple[ForestColumn, ...]
    _crosses: Mapping[str, BoundCross]
    _codes: Codes

    def customer(self, features: Mapping[str, Feature]) -> Floats:
        """float64[Fc]."""
        values = (_known(features.get(column.name, NOT_FOUND)) for column in self._customer)
        return np.array([reader(c, self._codes, v) for c, v in zip(self._customer, values, strict=True)], np.float64)

    def pairs(
        self, features: Mapping[str, Feature], rows: Rows, channels: Sequence[str], placements: Sequence[str]
    ) -> Floats:
        """float64[n, Fx] of n candidates: actions by their places. No channels, no placements: the empty one."""
        found = np.empty((len(rows), len(self._pairs)))
        places = dict(zip(PLACES, (channels, placements), strict=True))
        for place, column in enumerate(self._pairs):
            cross = self._crosses.get(column.name)
            if cross is not None:
                found[:, place] = cross(features.get(cross.declaration.feature, NOT_FOUND))[rows]
                continue
            labels = places[column.name]
            codes = self._codes[column.name]
            found[:, place] = [codes.get(label, 0.0) for label in labels] if labels else codes.get("", 0.0)
        return found


def sides_of(columns: ForestColumns, actions: Sequence[ActionDeclaration]) -> Sides:
    """For a catalogue, which need not be the one that taught the forest."""
    codes = columns.codes()
    mine = columns.of(Side.ACTION)
    of_actions = np.array(
        [[reader(c, codes, _of_action(c, action)) for c in mine] for action in actions], np.float64
    ).reshape(len(actions), len(mine))
    return Sides(
        of_actions,
        columns.of(Side.CUSTOMER),
        columns.of(Side.CROSS),
        {cross.name: bind_cross(cross, actions) for cross in columns.crosses},
        codes,
    )


def _value(column: ForestColumn, shown: Shown) -> Value:
    if column.side is Side.CUSTOMER:
        return _known(shown.features.get(column.name, NOT_FOUND))
    return _of_action(column, shown.action) if column.side is Side.ACTION else place_of(shown, column.name)


def _of_action(column: ForestColumn, action: ActionDeclaration) -> Value:
    if column.name in KIN:
        return str(getattr(action, column.name))
    return action.attributes.get(column.name.removeprefix(ATTRIBUTE_PREFIX))


def _known(feature: Feature) -> Value:
    return feature.value if feature.is_known else None
