"""Events enter a profile once, when their time has come, into every state that may be asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.compiled_schema import CompiledSchema, compile_schema
from services.profile.domain.events import Event
from services.profile.domain.profile import ANY_TYPE, MAX_EVENT_TYPES, Profile, with_event_types
from services.profile.domain.reading import Moment, read_aggregates, read_states
from services.profile.domain.recording import MAX_AHEAD, MAX_INACTIVE_STATES, fold_log, missing_states, record
from services.profile.domain.schema import AggregateDeclaration, TraitSchema
from shared.values import present

NOBODY = Profile("p1", 0, 0, 0)
VIEWS = Formula(Measure.COUNT, "view")
RECENT_VIEWS = Formula(Measure.COUNT, "view", window_ms=100)
SPENT = Formula(Measure.SUM, "buy", "price")


def schema(**formulas: Formula) -> CompiledSchema:
    declared = tuple(AggregateDeclaration(name, formula) for name, formula in formulas.items())
    return compile_schema(TraitSchema(aggregates=declared), "t_test")


def event(name: str, event_ms: int, kind: str = "view", price: float = 1.0) -> Event:
    return Event(name, kind, event_ms, 0, (), {"price": price})


def values(profile: Profile, by: CompiledSchema, read_ms: int, overlay: Sequence[Event] = ()) -> dict[str, object]:
    """What can be said without the log."""
    features, _ = read_aggregates(profile, by, Moment(read_ms, overlay))
    return {name: feature.value for name, feature in features.items()}


def test_events_move_every_aggregate_of_their_type() -> None:
    active = schema(views=VIEWS, recent=RECENT_VIEWS, spent=SPENT)
    profile = record(NOBODY, [event("e1", 0), event("e2", 950), event("e3", 960, "buy", 2.5)], active, 1_000)
    assert values(profile, active, 1_000) == {"views": 2, "recent": 1, "spent": 2.5}


def test_two_names_of_one_formula_share_a_state() -> None:
    active = schema(views=VIEWS, also_views=VIEWS)
    profile = record(NOBODY, [event("e1", 0)], active, 1_000)
    assert len(profile.states) == 1
    assert values(profile, active, 1_000) == {"views": 1, "also_views": 1}


def test_aggregates_of_types_nobody_saw_take_no_room_and_are_zero() -> None:
    active = schema(views=VIEWS, spent=SPENT)
    profile = record(NOBODY, [event("e1", 0)], active, 1_000)
    assert list(profile.states) == [VIEWS.key]
    assert values(profile, active, 1_000) == {"views": 1, "spent": 0.0}


def test_an_event_ahead_of_the_clock_counts_from_its_time_on() -> None:
    active = schema(views=VIEWS)
    profile = record(NOBODY, [event("e1", 900), event("e2", 1_100)], active, 1_000)
    assert values(profile, active, 1_000) == {"views": 1}
    assert values(profile, active, 1_099) == {"views": 1}
    assert values(profile, active, 1_100) == {"views": 2}
    later = record(profile, [event("e3", 1_150)], active, 1_200)
    assert later.ahead == ()
    assert values(later, active, 1_200) == {"views": 3}


def test_events_ahead_of_the_clock_are_kept_in_bounded_number() -> None:
    active = schema(views=VIEWS)
    many = [event(f"e{index}", 1_000 + index) for index in range(1, MAX_AHEAD + 11)]
    profile = record(NOBODY, many, active, 1_000)
    assert len(profile.ahead) == MAX_AHEAD
    assert values(profile, active, 10_000) == {"views": MAX_AHEAD + 10}


@given(st.permutations([event(f"e{index}", time_ms) for index, time_ms in enumerate((0, 5, 5, 90, 110, 140, 300))]))
def test_the_order_and_the_moments_of_recording_do_not_show(events: list[Event]) -> None:
    active = schema(views=VIEWS, recent=RECENT_VIEWS)
    profile = NOBODY
    for step, each in enumerate(events):
        profile = record(profile, [each], active, 100 + 20 * step)
    assert values(profile, active, 300) == {"views": 7, "recent": 1}


def test_overlay_events_count_in_the_answer_and_nowhere_else() -> None:
    active = schema(views=VIEWS)
    profile = record(NOBODY, [event("e1", 0)], active, 1_000)
    assert values(profile, active, 1_000, [event("e2", 10), event("e3", 2_000)]) == {"views": 2}
    assert values(profile, active, 1_000) == {"views": 1}


def test_an_aggregate_declared_later_is_asked_of_the_log() -> None:
    profile = record(NOBODY, [event("e1", 0)], schema(views=VIEWS), 1_000)
    later = schema(views=VIEWS, recent=RECENT_VIEWS, spent=SPENT)
    assert [each.key for each in missing_states(profile, later)] == [RECENT_VIEWS.key]
    features, pending = read_aggregates(profile, later, Moment(1_000))
    assert sorted(features) == ["spent", "views"]
    states = fold_log(pending, {}, [event("e1", 0)])
    assert read_states(profile, later, pending, states, Moment(50, [event("e2", 40)])) == {"recent": present(2)}


def test_a_moment_before_the_newest_event_is_asked_of_the_log() -> None:
    active = schema(views=VIEWS)
    profile = record(NOBODY, [event("e1", 0), event("e2", 500)], active, 1_000)
    _, pending = read_aggregates(profile, active, Moment(499))
    assert [each.name for each in pending] == ["views"]


def test_states_of_another_schema_are_kept_up_to_date() -> None:
    before, now = schema(views=VIEWS), schema(spent=SPENT)
    profile = record(NOBODY, [event("e1", 0)], before, 1_000)
    profile = record(profile, [event("e2", 1), event("e3", 2, "buy")], now, 1_000)
    assert values(profile, before, 1_000) == {"views": 2}
    assert values(profile, now, 1_000) == {"spent": 1.0}


def test_states_of_other_schemas_are_kept_in_bounded_number() -> None:
    profile = NOBODY
    for index in range(MAX_INACTIVE_STATES + 20):
        profile = record(profile, [event(f"e{index}", index)], schema(v=replace_window(index + 1)), 1_000)
    assert len(profile.states) == MAX_INACTIVE_STATES + 1
    assert replace_window(1).key not in profile.states


def replace_window(window_ms: int) -> Formula:
    return Formula(Measure.COUNT, "view", window_ms=window_ms)


def test_a_profile_with_very_many_event_types_is_asked_of_the_log() -> None:
    types = with_event_types((), {f"t{index}" for index in range(MAX_EVENT_TYPES)})
    assert len(types) == MAX_EVENT_TYPES
    assert with_event_types(types, {"t1"}) == types
    overflowing = with_event_types(types, {"one_more"})
    assert overflowing[-1] == ANY_TYPE
    assert replace(NOBODY, event_types=overflowing).has_seen("one_more")
    assert with_event_types(overflowing, {"another"}) == overflowing


@pytest.mark.parametrize("kind", ["view", "buy"])
def test_a_type_that_was_never_recorded_needs_no_log(kind: str) -> None:
    assert missing_states(replace(NOBODY, event_types=("other",)), schema(v=VIEWS, s=SPENT)) == []
    assert len(missing_states(replace(NOBODY, event_types=(kind,)), schema(v=VIEWS, s=SPENT))) == 1
