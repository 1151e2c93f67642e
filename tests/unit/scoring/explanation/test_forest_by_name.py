"""Shapley values of a raw score, as log-odds by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.base_model.columns import ForestColumn, ForestColumns, Reading
from services.scoring.domain.explanation.forest import RawParts, by_name
from services.scoring.domain.forest.compiled import Side
from services.scoring.domain.training.calibration import Calibration

NUMBERS = st.floats(-5, 5)
CURVES = [
    Calibration(),
    Calibration("platt", 0.4, -1.0),
    Calibration("isotonic", knots=((-2.0, -3.0), (0.0, -1.5), (0.5, -1.5), (2.0, 4.0))),
]


def raw(values: list[float], expected: float, names: list[str] | None = None) -> RawParts:
    names = names or [f"f{place}" for place in range(len(values))]
    columns = tuple(ForestColumn(name, Side.CUSTOMER, Reading.NUMBER) for name in names)
    return RawParts(ForestColumns(columns, {}, ()), np.array([*values, expected]))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.method)
@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_parts_add_up_to_what_the_curve_rises(curve: Calibration, values: list[float], expected: float) -> None:
    parts = raw(values, expected)
    found = by_name(parts, curve)
    low, high = curve(np.array([expected, parts.values.sum()]))
    # Not closer: where the two are within a millionth, the slope is that of a chord beside them.
    assert sum(found.values()) == pytest.approx(high - low, abs=1e-5)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.method)
@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_no_part_changes_its_direction(curve: Calibration, values: list[float], expected: float) -> None:
    found = by_name(raw(values, expected), curve)
    assert all(part * value >= 0.0 for part, value in zip(found.values(), values, strict=True))


def test_columns_of_one_name_are_one_part() -> None:
    found = by_name(raw([0.5, -1.0, 0.25], 3.0, ["brands", "age", "brands"]), Calibration())
    assert found == pytest.approx({"brands": 0.75, "age": -1.0})


def test_parts_that_cancel_keep_their_size() -> None:
    found = by_name(raw([2.0, -2.0], 0.3), Calibration("platt", 0.5, 1.0))
    assert found == pytest.approx({"f0": 1.0, "f1": -1.0})


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_score_that_is_no_number_has_no_parts(poison: float) -> None:
    assert not by_name(raw([poison, 1.0], 0.0), Calibration())
