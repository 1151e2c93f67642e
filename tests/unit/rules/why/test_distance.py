"""How far one value is from another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rules.domain.why.distance import distance
from shared.values import INT64_MAX, INT64_MIN, NOT_FOUND, NULL, Feature, FeatureStatus, Value, present
from tests.support.rules import NOW_TIME

INTS = st.integers(INT64_MIN, INT64_MAX)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)


def far(held: Value, needed: Value) -> float:
    return distance(present(held), needed, NOW_TIME)


@given(held=INTS, near=INTS, further=INTS)
def test_of_two_ints_on_one_side_the_nearer_is_never_further(held: int, near: int, further: int) -> None:
    low, high = sorted((abs(near - held), abs(further - held)))
    assert 0 <= far(held, held + low) <= far(held, held + high) <= 1


@given(held=DOUBLES, needed=DOUBLES)
def test_doubles_are_between_nothing_and_one_apart(held: float, needed: float) -> None:
    assert 0 <= far(held, needed) <= 1
    assert (far(held, needed) == 0) is (held == needed) or far(held, needed) < 1e-15


@pytest.mark.parametrize(
    ("held", "needed", "expected"),
    [
        (10, 20, 0.5),
        (0, 1, 0.5),
        (-10, 0, 0.5),
        (0.0, 3.0, 0.75),
        (True, False, 1.0),
        ("tin", "gold", 1.0),
        ("tin", None, 1.0),
        (("a", "b"), ("b", "c"), 2.0),
        (("a", "a"), ("a",), 1.0),
        (NOW_TIME - timedelta(days=10), NOW_TIME - timedelta(days=20), 0.5),
        (NOW_TIME, NOW_TIME - timedelta(days=1), 0.5),
    ],
)
def test_a_change_has_its_distance(held: Value, needed: Value, expected: float) -> None:
    assert far(held, needed) == pytest.approx(expected)


@pytest.mark.parametrize("unknown", [NOT_FOUND, NULL])
def test_any_value_is_as_far_from_unknown(unknown: Feature) -> None:
    values: list[Value] = [1, 1.5, "x", True, ("a", "b"), NOW_TIME]
    assert {distance(unknown, each, NOW_TIME) for each in values} == {1.0}


def test_from_a_stale_value_its_own_is_the_nearest() -> None:
    stale = Feature(10, FeatureStatus.STALE)
    assert [distance(stale, each, NOW_TIME) for each in (10, 20)] == [1.0, 1.5]
