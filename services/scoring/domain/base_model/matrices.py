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

from services.scoring.domain.base_model.columns import PLACES, ForestColumn, ForestColumns, Reading, Shown, reader
from services.scoring.domain.base_model.crosses import BoundCross, bind_cross
from services.scoring.domain.base_model.shown_table import ShownTable, ValueColumn, of_action, table_of
from services.scoring.domain.feature_set import ActionDeclaration
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.past_contacts import OF_CONTACTS
from shared.values import NOT_FOUND, Feature, Value, present

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Codes = Mapping[str, Mapping[str, float]]


def matrix_of(columns: ForestColumns, shown: Sequence[Shown] | ShownTable) -> Floats:
    """float64[N, F]."""
    table = shown if isinstance(shown, ShownTable) else table_of(shown)
    codes, found = columns.codes(), np.empty((len(table), len(columns.columns)))
    crosses = {cross.name: bind_cross(cross, table.actions) for cross in columns.crosses}
    for place, column in enumerate(columns.columns):
        if column.side is Side.ACTION:
            of_each = [reader(column, codes, of_action(column.name, action)) for action in table.actions]
            found[:, place] = np.array(of_each, np.float64)[table.action]
        elif column.side is Side.CROSS and column.name in crosses:
            cross = crosses[column.name]
            if cross.declaration.kind in OF_CONTACTS:
                found[:, place] = table.contacts.crossed(cross.declaration)
            else:
                found[:, place] = _crossed(cross, table.features.get(cross.declaration.feature), table.action)
        else:
            values = table.features if column.side is Side.CUSTOMER else table.places
            found[:, place] = _read(column, codes, values.get(column.name))
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
            codes = self._codes[column.key]
            found[:, place] = [codes.get(label, 0.0) for label in labels] if labels else codes.get("", 0.0)
        return found


def sides_of(columns: ForestColumns, actions: Sequence[ActionDeclaration]) -> Sides:
    """For a catalogue, which need not be the one that taught the forest."""
    codes = columns.codes()
    mine = columns.of(Side.ACTION)
    of_actions = np.array(
        [[reader(c, codes, of_action(c.name, action)) for c in mine] for action in actions], np.float64
    ).reshape(len(actions), len(mine))
    return Sides(
        of_actions,
        columns.of(Side.CUSTOMER),
        columns.of(Side.CROSS),
        {cross.name: bind_cross(cross, actions) for cross in columns.crosses},
        codes,
    )


def _read(column: ForestColumn, codes: Codes, values: ValueColumn | None) -> Floats | float:
    """float64[N]."""
    if values is None:
        return np.nan
    of_each = [reader(column, codes, value) for value in values.values]
    coded = np.array([*of_each, np.nan])[values.codes]  # the place of -1 is the last
    return np.where(values.codes < 0, values.numbers, coded) if column.reading is Reading.NUMBER else coded


def _crossed(cross: BoundCross, values: ValueColumn | None, actions: NDArray[np.int32]) -> Floats | float:
    """float64[N]."""
    if values is None:
        return np.nan
    found = cross.of_numbers(values.numbers, actions)
    order = np.argsort(values.codes, kind="stable")
    codes, starts = np.unique(values.codes[order], return_index=True)
    for code, rows in zip(codes, np.split(order, starts[1:]), strict=True):
        if code >= 0:
            found[rows] = cross(present(values.values[code]))[actions[rows]]
    return found


def _known(feature: Feature) -> Value:
    return feature.value if feature.is_known else None
