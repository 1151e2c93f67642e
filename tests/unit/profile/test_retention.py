"""What is deleted stays counted: a state that is built anew from what is remembered and what is left is the same."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.compiled_schema import compile_schema
from services.profile.domain.events import Event
from services.profile.domain.ledger.limits import CalendarUnit
from services.profile.domain.profile import Profile
from services.profile.domain.recording import fold_log, record
from services.profile.domain.records import decode_profile, encode
from services.profile.domain.retention import is_past, remembered_at, remembering, without_past_traits
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.trait_source import TraitSource
from services.profile.domain.traits import Observation
from shared.clock import MS_PER_DAY
from shared.values import AttributeType
from tests.support.profiles import NOW_MS

KEPT_MS = 30 * MS_PER_DAY
FORMULAS = {
    "count": Formula(Measure.COUNT, "view"),
    "sum": Formula(Measure.SUM, "view", "n"),
    "mean": Formula(Measure.MEAN, "view", "n"),
    "min": Formula(Measure.MIN, "view", "n"),
    "first": Formula(Measure.FIRST, "view", "n", type=AttributeType.INT),
    "last": Formula(Measure.LAST, "view", "n", type=AttributeType.INT),
    "distinct": Formula(Measure.DISTINCT, "view", "n"),
    "rate": Formula(Measure.DECAYED_RATE, "view", half_life_ms=7 * MS_PER_DAY),
    "year": Formula(Measure.COUNT, "view", window_ms=365 * MS_PER_DAY),
    "week": Formula(Measure.COUNT, "view", window_ms=7 * MS_PER_DAY),
    "month": Formula(Measure.SUM, "view", "n", calendar=CalendarUnit.MONTH),
    "purchases": Formula(Measure.COUNT, "buy"),
}
SCHEMA = compile_schema(
    TraitSchema(aggregates=tuple(AggregateDeclaration(name, each) for name, each in FORMULAS.items())), "t"
)
moments = st.integers(NOW_MS - 60 * MS_PER_DAY, NOW_MS)


def event(index: int, at_ms: int) -> Event:
    return Event(f"e{index}", "view", at_ms, at_ms, (), {"n": index % 7})


def seen(moments_ms: list[int]) -> tuple[Profile, list[Event]]:
    events = [event(index, at_ms) for index, at_ms in enumerate(moments_ms)]
    return record(Profile("p", 1, 0, 0), events, SCHEMA, NOW_MS), events


@given(st.lists(moments, max_size=30), st.integers(1, 4))
def test_what_is_built_anew_from_what_is_left_is_what_was_there(moments_ms: list[int], portions: int) -> None:
    profile, events = seen(moments_ms)
    deleted = [each for each in events if is_past(each.event_ms, KEPT_MS, NOW_MS)]
    left = [each for each in events if each not in deleted]
    for portion in range(portions):
        profile = remembering(profile, deleted[portion::portions], retention_ms=KEPT_MS)
    kept = decode_profile(encode(profile))
    assert kept.states == profile.states
    rebuilt = fold_log(SCHEMA.aggregates, remembered_at(kept, SCHEMA.aggregates), left)
    for name, formula in FORMULAS.items():
        if formula.key in kept.states:
            read = rule_of(formula).read
            was = read(formula, profile.states[formula.key], NOW_MS, UTC)
            assert read(formula, rebuilt[formula.key], NOW_MS, UTC) == was, name


def test_what_no_window_reaches_any_more_is_not_remembered() -> None:
    profile, events = seen([NOW_MS - 40 * MS_PER_DAY])
    remembered = remembering(profile, events, retention_ms=KEPT_MS).remembered
    assert FORMULAS["week"].key not in remembered
    assert FORMULAS["purchases"].key not in remembered
    assert {FORMULAS[name].key for name in ("count", "year", "month", "last")} <= remembered.keys()


def test_events_that_no_state_counts_change_nothing() -> None:
    profile = Profile("p", 1, 0, 0)
    assert remembering(profile, [event(1, 0)], retention_ms=KEPT_MS) is profile


def test_what_a_dropped_state_held_is_forgotten_with_it() -> None:
    profile, events = seen([NOW_MS - 40 * MS_PER_DAY])
    profile = remembering(profile, events, retention_ms=KEPT_MS)
    without = {key: state for key, state in profile.states.items() if key != FORMULAS["count"].key}
    assert FORMULAS["count"].key not in remembering(replace(profile, states=without), [], retention_ms=1).remembered


def test_a_reading_before_deleted_events_does_not_count_them() -> None:
    at_ms = NOW_MS - 40 * MS_PER_DAY
    profile, events = seen([at_ms])
    profile = remembering(profile, events, retention_ms=KEPT_MS)
    counting = [each for each in SCHEMA.aggregates if each.name == "count"]
    assert remembered_at(profile, counting, at_ms - 1) == {}
    assert remembered_at(profile, counting, at_ms) == {FORMULAS["count"].key: profile.states[FORMULAS["count"].key]}


@pytest.mark.parametrize(
    ("observed", "kept"),
    [
        ({1: 0, 2: 0}, {}),
        ({1: 0, 2: 9, 3: 9}, {2: 9, 3: 9}),
        ({1: 9, 2: 0, 3: 9}, {1: 9, 3: 9}),
        ({1: 9, 2: 0}, {1: 9}),
        ({1: 9, 2: 9}, {1: 9, 2: 9}),
    ],
)
def test_of_a_trait_the_observations_past_its_retention_go(observed: dict[int, int], kept: dict[int, int]) -> None:
    first, *others = [Observation("M", TraitSource(source), at_ms) for source, at_ms in observed.items()]
    profile = Profile("p", 1, 0, 0, traits={"size": first, "age": first}, rivals={"size": tuple(others)})
    retained = {"size": TraitDeclaration("size", AttributeType.STRING, retention_ms=10)}
    left = without_past_traits(profile, retained, 10)
    held = [*([left.traits["size"]] if "size" in left.traits else []), *left.rivals.get("size", ())]
    assert {int(each.source): each.observed_ms for each in held} == kept
    assert left.traits["age"] is first
    assert (left is profile) == (observed == kept)


def test_a_retention_of_nothing_never_ends() -> None:
    assert not is_past(0, 0, NOW_MS)
    assert is_past(0, NOW_MS, NOW_MS)
    assert not is_past(1, NOW_MS, NOW_MS)
