"""How a conversion is shared among contacts: every model gives away all of it, and nothing else."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from itertools import combinations
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.attribution import AttributionModel, Touchpoint, split, weights
from tests.support.real_data import real_file

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS

paths = st.lists(st.tuples(st.integers(0, 400 * DAY_MS), st.sampled_from("ABCD")), min_size=1, max_size=30).map(
    lambda drawn: [Touchpoint(*each) for each in sorted(drawn)]
)


def path(keys: str) -> list[Touchpoint]:
    """A day apart, the last one a day before the conversion at day 10."""
    return [Touchpoint((10 - len(keys) + index) * DAY_MS, key) for index, key in enumerate(keys)]


def shares(model: AttributionModel, keys: str) -> list[float]:
    return [round(each, 6) for each in weights(model, path(keys), 10 * DAY_MS, DAY_MS)]


@pytest.mark.parametrize(
    ("model", "keys", "expected"),
    [
        (AttributionModel.LAST_TOUCH, "ABC", [0, 0, 1]),
        (AttributionModel.FIRST_TOUCH, "ABC", [1, 0, 0]),
        (AttributionModel.LINEAR, "ABAB", [0.25] * 4),
        (AttributionModel.TIME_DECAY, "ABC", [1 / 7, 2 / 7, 4 / 7]),
        (AttributionModel.POSITION_BASED, "ABCD", [0.4, 0.1, 0.1, 0.4]),
        (AttributionModel.POSITION_BASED, "AB", [0.5, 0.5]),
        (AttributionModel.POSITION_BASED, "A", [1.0]),
        (AttributionModel.SHAPLEY, "AABA", [1 / 6, 1 / 6, 1 / 2, 1 / 6]),
    ],
)
def test_a_model_shares_as_its_name_says(model: AttributionModel, keys: str, expected: list[float]) -> None:
    assert shares(model, keys) == [round(each, 6) for each in expected]


@given(paths, st.integers(-(10**18), 10**18), st.sampled_from(AttributionModel), st.integers(1, 400 * DAY_MS))
def test_parts_add_up_to_the_amount_exactly(
    drawn: list[Touchpoint], amount: int, model: AttributionModel, half_life_ms: int
) -> None:
    given_away = weights(model, drawn, 400 * DAY_MS, half_life_ms)
    assert sum(given_away) == pytest.approx(1)
    assert min(given_away) >= 0
    parts = split(amount, given_away)
    assert sum(parts) == amount
    assert all(part == 0 or (part > 0) is (amount > 0) for part in parts)
    slack = 1 + abs(amount) // 2**50
    assert all(abs(part - amount * share) <= slack for part, share in zip(parts, given_away, strict=True))


def test_a_cent_that_cannot_be_shared_goes_to_somebody() -> None:
    assert split(100, [1 / 3] * 3) == [34, 33, 33]
    assert split(-100, [1 / 3] * 3) == [-34, -33, -33]
    assert split(1, [0.25] * 4) == [1, 0, 0, 0]


def shapley_by_definition(worth: dict[frozenset[str], float], players: frozenset[str]) -> dict[str, float]:
    """The mean of what a player adds over all orders; `worth` by the channels of paths."""

    def value(coalition: frozenset[str]) -> float:
        return sum(amount for channels, amount in worth.items() if channels <= coalition)

    total, count = dict.fromkeys(players, 0.0), len(players)
    for player in players:
        rest = sorted(players - {player})
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for chosen in combinations(rest, size):
                coalition = frozenset(chosen)
                total[player] += weight * (value(coalition | {player}) - value(coalition))
    return total


@given(st.lists(st.tuples(st.text("ABCDE", min_size=1, max_size=6), st.integers(1, 1_000)), min_size=1, max_size=12))
def test_shapley_is_the_shapley_value(sales: list[tuple[str, int]]) -> None:
    worth: dict[frozenset[str], float] = defaultdict(float)
    ours: dict[str, float] = defaultdict(float)
    for keys, amount in sales:
        worth[frozenset(keys)] += amount
        drawn = [Touchpoint(index, key) for index, key in enumerate(keys)]
        for touchpoint, share in zip(drawn, weights(AttributionModel.SHAPLEY, drawn, 99, 1), strict=True):
            ours[touchpoint.key] += amount * share
    expected = shapley_by_definition(worth, frozenset("".join(keys for keys, _ in sales)))
    assert ours == {key: pytest.approx(each) for key, each in expected.items()}


def test_on_real_journeys_every_model_gives_away_what_was_earned() -> None:
    """10,000 paths of ChannelAttribution's example data; first and last touch against a plain count."""
    file = real_file("attribution/PathData.csv.gz")
    earned = {model: defaultdict[str, int](int) for model in AttributionModel}
    first, last, total = defaultdict[str, int](int), defaultdict[str, int](int), 0
    with gzip.open(file, "rt") as lines:
        for row in csv.DictReader(lines):
            keys, amount = row["path"].split(" > "), round(float(row["total_conversion_value"]) * 1_000_000)
            drawn = [Touchpoint(index * DAY_MS, key) for index, key in enumerate(keys)]
            first[keys[0]] += amount
            last[keys[-1]] += amount
            total += amount
            for model, by_channel in earned.items():
                given_away = weights(model, drawn, len(keys) * DAY_MS, WEEK_MS)
                for key, part in zip(keys, split(amount, given_away), strict=True):
                    by_channel[key] += part
    assert {sum(by_channel.values()) for by_channel in earned.values()} == {total}
    assert {key: each for key, each in earned[AttributionModel.FIRST_TOUCH].items() if each} == {
        key: each for key, each in first.items() if each
    }
    assert {key: each for key, each in earned[AttributionModel.LAST_TOUCH].items() if each} == {
        key: each for key, each in last.items() if each
    }
    assert len(earned[AttributionModel.SHAPLEY]) == 12
