"""Reasons as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.scoring.domain.explanation.explanation import Contribution
from services.scoring.domain.explanation.reasons import reasons_of
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, Value, present


def reason(feature: Feature, total: float = 1.0) -> str:
    return reasons_of([Contribution("it", feature, total, 0.0)], 1)[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("gold", "gold"),
        ("", "blank"),
        ("two\nlines", "two lines"),
        ("x" * 50, "x" * 39 + "…"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        (-12_000, "-12000"),
        (49.0, "49"),
        (19.899999999999999, "19.9"),
        (100.0, "100"),
        (0.1 + 0.2, "0.3"),
        (0.0123456, "0.0123"),
        (0.0, "0"),
        (-0.004, "-0.004"),
        (1e300, "1e+300"),
        (1_234_567.891, "1234567.89"),
        (datetime(2026, 11, 21, 9, 5, 59, tzinfo=UTC), "2026-11-21 09:05 UTC"),
        ((), "an empty list"),
        (("acme",), "acme"),
        (("acme", "zest", "bolt"), "acme, zest, bolt"),
        ((1.25, 2.0, 3.0, 4.0, 5.0), "1.25, 2, 3 and 2 more"),
    ],
)
def test_values_are_worded_for_people(value: Value, text: str) -> None:
    assert reason(present(value)) == f"it is {text}: raises it"


def test_what_is_not_present_says_how() -> None:
    assert reason(NOT_FOUND, -1.0) == "it is not known: lowers it"
    assert reason(NULL) == "it is empty: raises it"
    assert reason(Feature(3, FeatureStatus.STALE)) == "it is out of date: raises it"


def test_base_and_learnt_are_weighed_together() -> None:
    assert reasons_of([Contribution("it", present(3), 1.0, -1.5)], 5) == ("it is 3: lowers it",)


def test_next_to_nothing_is_no_reason() -> None:
    small = [Contribution("it", present(3), 0.5, -0.495), Contribution("other", present(3), 0.0, 0.0)]
    assert reasons_of(small, 5) == ()


def test_at_most_so_many_reasons_in_their_order() -> None:
    several = [Contribution(f"f{place}", present(place), 1.0 / (1 + place), 0.0) for place in range(6)]
    assert reasons_of(several, 2) == ("f0 is 0: raises it", "f1 is 1: raises it")
