"""Traits: the newest observation stays, values have the declared type, and age makes them stale."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.profile import Profile
from services.profile.domain.schema import TraitDeclaration
from services.profile.domain.trait_source import TraitSource, by_precedence
from services.profile.domain.traits import (
    Observation,
    Rivals,
    Traits,
    check_value,
    combined_traits,
    newer,
    observed,
    read_trait,
    read_trait_of_many,
)
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


sources = st.sampled_from(TraitSource)
arrivals = st.lists(
    st.tuples(st.sampled_from(["age", "size"]), st.builds(Observation, st.integers(), sources, st.integers(0, 10**6))),
    max_size=12,
    unique_by=lambda arrival: (arrival[0], arrival[1].source, arrival[1].observed_ms),
)
Arrivals = list[tuple[str, Observation]]


def kept(arrived: Arrivals) -> tuple[Traits, Rivals]:
    traits: Traits = {}
    rivals: Rivals = {}
    for name, observation in arrived:
        traits, rivals = observed(traits, rivals, [(name, observation)])
    return traits, rivals


def part(arrived: Arrivals) -> Profile:
    traits, rivals = kept(arrived)
    return Profile("p", 1, 0, 0, traits=traits, rivals=rivals)


@given(arrivals, st.data())
def test_the_newest_observation_of_every_source_is_kept_whatever_the_order(
    arrived: Arrivals, data: st.DataObject
) -> None:
    traits, rivals = kept(data.draw(st.permutations(arrived)))
    newest = {(name, each.source): each for name, each in sorted(arrived, key=lambda arrival: arrival[1].observed_ms)}
    assert {(name, each.source): each for name in traits for each in (traits[name], *rivals.get(name, ()))} == newest
    assert all(traits[name].source < min(each.source for each in others) for name, others in rivals.items())


@given(st.lists(arrivals, max_size=4), st.data())
def test_parts_together_say_what_one_profile_would_that_heard_everything(
    heard: list[Arrivals], data: st.DataObject
) -> None:
    every = [arrival for arrived in heard for arrival in arrived]
    unique = {(name, each.source, each.observed_ms): (name, each) for name, each in every}
    parts = [part([arrival for arrival in arrived if arrival in unique.values()]) for arrived in heard]
    assert combined_traits(data.draw(st.permutations(parts))) == kept(list(unique.values()))


@given(arrivals, arrivals)
def test_observations_that_arrive_together_are_kept_like_one_after_the_other(before: Arrivals, more: Arrivals) -> None:
    assert observed(*kept(before), more) == kept([*before, *more])


def test_hearing_the_same_again_changes_nothing() -> None:
    first = Observation(3, TraitSource.EXPLICIT, 5)
    traits, rivals = kept([("age", first)])
    again = observed(traits, rivals, [("age", Observation(3, TraitSource.EXPLICIT, 5))])
    assert again[0] is traits
    assert again[1] is rivals


OBSERVED = [
    Observation("told", TraitSource.EXPLICIT, 0),
    Observation("seen", TraitSource.IMPLICIT, 50),
    Observation("bought", TraitSource.THIRD_PARTY, 100),
]


@pytest.mark.parametrize(
    ("precedence", "read_ms", "value", "status"),
    [
        ((), 99, "told", FeatureStatus.PRESENT),
        ((), 100, "seen", FeatureStatus.PRESENT),
        ((), 199, "bought", FeatureStatus.PRESENT),
        ((), 200, "told", FeatureStatus.STALE),
        ((TraitSource.THIRD_PARTY,), 99, "bought", FeatureStatus.PRESENT),
        ((TraitSource.THIRD_PARTY,), 200, "bought", FeatureStatus.STALE),
        ((TraitSource.COMPUTED, TraitSource.IMPLICIT), 99, "seen", FeatureStatus.PRESENT),
        ((TraitSource.COMPUTED, TraitSource.IMPLICIT), 150, "bought", FeatureStatus.PRESENT),
    ],
)
def test_the_first_in_the_order_of_precedence_that_is_not_stale_answers(
    precedence: tuple[TraitSource, ...], read_ms: int, value: str, status: FeatureStatus
) -> None:
    declaration = TraitDeclaration("x", AttributeType.STRING, ttl_ms=100, precedence=precedence)
    answer = read_trait_of_many(OBSERVED, declaration, read_ms)
    assert answer is not None
    feature, observation = answer
    assert feature == Feature(value, status)
    assert observation.value == value


def test_a_source_whose_value_does_not_fit_any_more_is_passed_over() -> None:
    said = [Observation(1, TraitSource.EXPLICIT, 0), Observation("x", TraitSource.IMPLICIT, 0)]
    declaration = TraitDeclaration("x", AttributeType.STRING)
    answer = read_trait_of_many(said, declaration, 5)
    assert answer is not None
    assert answer[0] == present("x")
    assert read_trait_of_many(said[:1], declaration, 5) is None


def test_sources_that_are_not_declared_follow_in_the_usual_order() -> None:
    assert by_precedence((TraitSource.COMPUTED,))[:2] == (TraitSource.COMPUTED, TraitSource.EXPLICIT)
    assert set(by_precedence((TraitSource.COMPUTED,))) == set(TraitSource)
