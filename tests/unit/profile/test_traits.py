"""Traits: the newest observation stays, values have the declared type, and age makes them stale."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.schema import TraitDeclaration
from services.profile.domain.traits import Observation, TraitSource, check_value, newer, read_trait
from shared.errors import InvalidArgument
from shared.values import AttributeType, Feature, FeatureStatus, Value, present

observations = st.lists(
    st.builds(Observation, st.integers(), st.sampled_from(TraitSource), st.integers(0, 5)), min_size=1, max_size=8
)


@given(observations)
def test_the_newest_observation_stays_and_of_equals_the_later_arrival(arrived: list[Observation]) -> None:
    held: Observation | None = reduce(newer, arrived, None)
    newest_ms = max(each.observed_ms for each in arrived)
    assert held is [each for each in arrived if each.observed_ms == newest_ms][-1]


@given(observations, st.data())
def test_observations_of_different_times_may_arrive_in_any_order(
    arrived: list[Observation], data: st.DataObject
) -> None:
    distinct = list({each.observed_ms: each for each in arrived}.values())
    shuffled = data.draw(st.permutations(distinct))
    assert reduce(newer, distinct, None) is reduce(newer, shuffled, None)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("x", AttributeType.INT, "must be a int, not a string"),
        (1.5, AttributeType.INT, "must be a int, not a double"),
        (True, AttributeType.INT, "must be a int, not a bool"),
        (1, AttributeType.STRING, "must be a string, not a int"),
        ((1,), AttributeType.INT, "must be a int, not a list<int>"),
        (1, AttributeType.INT_LIST, "must be a list<int>, not a int"),
        (("a", 1), AttributeType.STRING_LIST, "must be a string, not a int"),
    ],
)
def test_another_type_is_refused_in_the_words_of_policy_files(value: Value, kind: AttributeType, text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_value(value, TraitDeclaration("age", kind), "traits[0].value")
    (violation,) = refused.value.violations
    assert (violation.field, violation.description) == ("traits[0].value", text)


def test_an_int_is_accepted_for_a_double_and_null_for_anything() -> None:
    assert type(check_value(3, TraitDeclaration("x", AttributeType.DOUBLE), "p")) is float
    assert check_value(None, TraitDeclaration("x", AttributeType.STRING, allowed=("a",)), "p") is None


def test_only_allowed_values_are_accepted_also_within_lists() -> None:
    tier = TraitDeclaration("tier", AttributeType.STRING, allowed=("gold", "silver"))
    tiers = TraitDeclaration("tiers", AttributeType.STRING_LIST, allowed=("gold", "silver"))
    assert check_value("gold", tier, "p") == "gold"
    assert check_value(("gold", "silver"), tiers, "p") == ("gold", "silver")
    for value, declaration in (("tin", tier), (("gold", "tin"), tiers)):
        with pytest.raises(InvalidArgument, match="must be one of gold, silver"):
            check_value(value, declaration, "p")


@pytest.mark.parametrize(
    ("value", "read_ms", "expected"),
    [
        (1, 100, present(1)),
        (1, 109, present(1)),
        (1, 110, Feature(1, FeatureStatus.STALE)),
        (1, 90, present(1)),
        (None, 109, present(None)),
        (None, 110, Feature(None, FeatureStatus.STALE)),
    ],
)
def test_a_trait_is_stale_once_its_time_to_live_is_over(value: Value, read_ms: int, expected: Feature) -> None:
    observed = Observation(value, TraitSource.EXPLICIT, 100)
    assert read_trait(observed, TraitDeclaration("x", AttributeType.INT, ttl_ms=10), read_ms) == expected


def test_a_trait_without_time_to_live_is_never_stale() -> None:
    observed = Observation(1, TraitSource.EXPLICIT, 0)
    assert read_trait(observed, TraitDeclaration("x", AttributeType.INT), 10**15) == present(1)


def test_a_value_of_an_older_schema_that_does_not_fit_is_not_read() -> None:
    observed = Observation("12", TraitSource.EXPLICIT, 0)
    assert read_trait(observed, TraitDeclaration("x", AttributeType.INT), 1) is None
    widened = read_trait(Observation(12, TraitSource.EXPLICIT, 0), TraitDeclaration("x", AttributeType.DOUBLE), 1)
    assert widened == present(12.0)
