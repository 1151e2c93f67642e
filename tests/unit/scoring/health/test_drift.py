"""The population stability index of features against what a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.health.drift import DRIFTED, DriftTally, psi, reference_of
from services.scoring.domain.health.reference import FeatureReference, Kind, from_plain, to_plain
from shared.values import NOT_FOUND, NULL, Feature, FeatureStatus, Value, present

Row = dict[str, Feature]
NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def rows_of(*values: Value) -> list[Row]:
    return [{"x": present(value)} for value in values]


def index(reference: list[Row], now: list[Row]) -> float:
    return psi(reference_of(reference), now)["x"]


def smoothed(then: Sequence[float], now: Sequence[float]) -> float:
    """The definition, over counts."""
    p = [(count + 0.5) / (sum(now) + 0.5 * len(now)) for count in now]
    q = [(count + 0.5) / (sum(then) + 0.5 * len(then)) for count in then]
    return sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))


def test_index_of_strings_is_the_definition_over_labels_missing_and_other() -> None:
    then = [*rows_of(*["a"] * 60, *["b"] * 30), *[{"x": NULL}] * 10]
    now = [*rows_of(*["a"] * 20, *["b"] * 50, *["new"] * 5), *[{"x": NOT_FOUND}] * 25]
    assert index(then, now) == pytest.approx(smoothed([10, 60, 30, 0], [25, 20, 50, 5]))


def test_index_of_numbers_is_the_definition_over_deciles() -> None:
    then = rows_of(*range(1, 101))
    now = rows_of(*[1.5] * 10, *[95.0] * 20, 10**9, -(10**9))
    # Deciles of 1..100 end at 10, 20, ..., 90; the last bin is above.
    assert index(then, now) == pytest.approx(smoothed([0] + [10] * 10, [0, 11, *[0] * 8, 21]))


def test_boolean_is_a_label_and_an_integer_a_number() -> None:
    reference = reference_of([{"flag": present(value=True), "count": present(1)}])
    assert {name: each.kind for name, each in reference.items()} == {"flag": Kind.LABEL, "count": Kind.NUMBER}
    assert reference["flag"].labels == ("True",)


def test_list_counts_by_its_length_and_by_its_labels() -> None:
    then = rows_of(*[("a", "b")] * 50, *[("a",)] * 50)
    longer = rows_of(*[("a", "a", "a", "b")] * 100)
    other = rows_of(*[("z", "b")] * 50, *[("a",)] * 50)
    lengths = [0.0, 50, 50, 0]
    assert index(then, longer) == pytest.approx(
        max(smoothed(lengths, [0, 0, 0, 100]), smoothed([0, 75, 25, 0], [0, 75, 25, 0]))
    )
    assert index(then, other) == pytest.approx(smoothed([0, 75, 25, 0], [0, 50, 25, 25]))


def test_empty_list_is_not_a_missing_one() -> None:
    then, now = rows_of(*[()] * 500), [{"x": NOT_FOUND}] * 500
    assert index(then, rows_of(*[()] * 500)) == pytest.approx(0.0)
    assert index(then, now) > 1.0


def test_timestamp_counts_by_its_hour_so_that_time_passing_is_no_drift() -> None:
    hours = [NOON + timedelta(hours=number) for number in range(24 * 20)]
    later = [moment + timedelta(days=700) for moment in hours]
    assert index(rows_of(*hours), rows_of(*later)) == pytest.approx(0.0, abs=1e-9)
    assert index(rows_of(*hours), rows_of(*[NOON] * 400)) > DRIFTED


def test_value_of_another_type_counts_as_missing() -> None:
    reference = reference_of(rows_of(*range(100)))
    tally = DriftTally(reference)
    for row in [*rows_of(*["text"] * 50), *[{"x": NOT_FOUND}] * 50]:
        tally.add(row)
    assert tally.psi()["x"] == pytest.approx(psi(reference, [{"x": NOT_FOUND}] * 100)["x"])
    assert tally.missing == {"x": 0.5}


def test_stale_value_is_missing() -> None:
    tally = DriftTally()
    tally.add({"x": Feature("old", FeatureStatus.STALE), "y": present(1)})
    tally.add({"x": present("new"), "y": present(1)})
    assert tally.missing == {"x": 0.5, "y": 0.0}
    assert tally.psi() == {}


def test_feature_that_never_came_has_no_index() -> None:
    assert psi(reference_of(rows_of(1, 2)), [{"y": present(1)}]) == {}
    assert psi(reference_of(rows_of(1, 2)), []) == {}


def test_name_that_some_rows_lack_is_missing_there() -> None:
    reference = reference_of([{"x": present(1)}, {}])
    assert reference["x"].missing == 0.5


def test_feature_without_any_value_has_a_reference_all_the_same() -> None:
    then = [{"x": NOT_FOUND}] * 300
    assert index(then, then) == pytest.approx(0.0)
    assert index(then, rows_of(*["now"] * 300)) > DRIFTED


@pytest.mark.parametrize("size", [500, 5_000])
def test_same_population_stays_below_the_bound_and_another_one_does_not(size: int) -> None:
    rng = np.random.default_rng(7)

    def population(mean: float, names: list[str]) -> list[Row]:
        return [
            {"n": present(float(number)), "s": present(str(name)), "l": present(tuple(map(str, brands)))}
            for number, name, brands in zip(
                rng.normal(mean, 1, size),
                rng.choice(names, size),
                rng.choice(names, (size, 3)),
                strict=True,
            )
        ]

    letters = list("abcdefghijklmnopqrstuvwxyz")
    reference = reference_of(population(0, letters))
    assert max(psi(reference, population(0, letters)).values()) < 0.12
    moved = psi(reference, population(1, letters[:5]))
    assert min(moved.values()) > DRIFTED


def test_reference_survives_an_encoding() -> None:
    rows = [
        {
            "number": present(float(number)),
            "text": present(f"label {number % 30}"),
            "flag": present(number % 2 == 0),
            "list": present(("a", str(number % 3))),
            "time": present(NOON + timedelta(hours=number)),
            "none": NULL,
        }
        for number in range(100)
    ]
    reference = reference_of(rows)
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(to_plain(reference)))
    assert from_plain(stored) == reference
    assert len(reference["text"].labels) == 20


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"rows": 0},
        {"rows": "many"},
        {"shares": [0.1]},
        {"edges": [3.0, 2.0], "shares": [0.0] * 4},
        {"edges": [float("nan")], "shares": [0.0] * 3},
        {"shares": [float("nan"), 1.0, 0.0]},
        {"label_shares": [0.0, 0.0]},
        {"edges": None},
    ],
)
def test_damaged_reference_is_refused(change: dict[str, object]) -> None:
    plain = reference_of(rows_of(1, 1, 1))["x"].to_plain()
    assert FeatureReference.from_plain(plain).edges == (1.0,)
    with pytest.raises(ValueError):
        from_plain({"x": {**plain, **change}})


def test_references_that_are_no_map_are_refused() -> None:
    with pytest.raises(ValueError, match="map"):
        from_plain([])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be read"):
        from_plain({"x": {}})


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.text(max_size=2), max_size=4).map(tuple),
    st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(VALUES, min_size=1, max_size=40), st.lists(VALUES, min_size=1, max_size=40))
def test_index_is_never_negative_and_zero_of_the_same_rows(then: list[Value], now: list[Value]) -> None:
    reference = reference_of(rows_of(*then))
    assert from_plain(to_plain(reference)) == reference
    assert psi(reference, rows_of(*now))["x"] >= -1e-12
    assert psi(reference, rows_of(*then))["x"] == pytest.approx(0.0, abs=1e-9)
    for shares in (reference["x"].shares, reference["x"].label_shares):
        assert not shares or sum(shares) == pytest.approx(1.0)
