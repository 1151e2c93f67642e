"""The states of several parts together: complete, or left to the log."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.aggregates.combination import combined_states
from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.compiled_schema import CompiledSchema, compile_schema
from services.profile.domain.events import Event
from services.profile.domain.profile import ANY_TYPE, Profile
from services.profile.domain.reading import Moment, read_aggregates
from services.profile.domain.recording import record
from services.profile.domain.records import decode_profile, encode
from services.profile.domain.relations import RelationDeclaration
from services.profile.domain.schema import AggregateDeclaration, TraitDeclaration, TraitSchema
from services.profile.domain.trait_source import TraitSource
from services.profile.domain.traits import Observation
from shared.values import AttributeType, Value, present
from tests.support.aggregate_formulas import formulas_of, log_of, newest_ms

LATE_MS = 10**13


def schema_of(*formulas: Formula) -> CompiledSchema:
    declared = tuple(AggregateDeclaration(f"a{index}", formula) for index, formula in enumerate(formulas))
    return compile_schema(TraitSchema(aggregates=declared), "t_test")


def part_of(schema: CompiledSchema, log: list[Event], part_id: str = "p1") -> Profile:
    return record(Profile(part_id, 0, 0, 0), log, schema, LATE_MS)


@given(st.integers(0, 2**32).map(Random), st.lists(st.integers(0, 8), min_size=1, max_size=4))
def test_parts_answer_together_what_one_profile_with_all_events_would(chance: Random, sizes: list[int]) -> None:
    formulas = [formula for measure in Measure for formula in formulas_of(measure, chance)]
    schema = schema_of(*formulas)
    logs = [log_of(chance.choice(formulas), chance, size) for size in sizes]
    named = [
        [Event(f"{part}-{each.event_id}", each.type, each.event_ms, 0, (), each.properties) for each in log]
        for part, log in enumerate(logs)
    ]
    every = [each for log in named for each in log]
    parts = [part_of(schema, log, f"p{index}") for index, log in enumerate(named)]
    kinds = tuple({each.type for each in every})
    together = Profile("p0", 1, 0, 0, states=combined_states(parts), event_types=kinds)
    moment = Moment(newest_ms(every))
    answers, pending = read_aggregates(together, schema, moment)
    expected, _ = read_aggregates(part_of(schema, every), schema, moment)
    assert not pending
    assert answers == expected


def test_a_state_that_a_part_lacks_is_left_to_the_log() -> None:
    views = Formula(Measure.COUNT, "view")
    schema = schema_of(views)
    seen = part_of(schema, [Event("e1", "view", 1, 0, (), {})])
    before = Profile("p2", 1, 0, 0, event_types=("view",))
    assert combined_states([seen, before]) == {}
    assert combined_states([seen, Profile("p2", 1, 0, 0, event_types=(ANY_TYPE,))]) == {}
    elsewhere = Profile("p2", 1, 0, 0, event_types=("buy",))
    assert combined_states([seen, elsewhere]) == seen.states


def test_what_was_returned_to_another_part_is_not_owned_any_more() -> None:
    schema = schema_of(Formula(Measure.OWNED, "purchase", "sku", returned="return"))
    bought = part_of(schema, [Event("e1", "purchase", 1, 0, (), {"sku": ("game", "pad")})])
    returned = part_of(schema, [Event("e2", "return", 2, 0, (), {"sku": "pad"})])
    whole = Profile("p", 1, 0, 0, states=combined_states([returned, bought]), event_types=("purchase", "return"))
    assert read_aggregates(whole, schema, Moment(5))[0] == {"a0": present(("game",))}


def test_a_relation_adds_what_owned_things_imply() -> None:
    declared = TraitSchema(
        aggregates=(AggregateDeclaration("owned", Formula(Measure.OWNED, "purchase", "sku"), "implies"),),
        relations=(RelationDeclaration("implies", (("game", "console"), ("console", "tv"), ("tv", "game"))),),
    )
    profile = part_of(compile_schema(declared, "t_1"), [Event("e1", "purchase", 1, 0, (), {"sku": "game"})])
    assert read_aggregates(profile, compile_schema(declared, "t_1"), Moment(5))[0] == {
        "owned": present(("console", "game", "tv"))
    }
    changed = TraitSchema(declared.traits, declared.aggregates, relations=(RelationDeclaration("implies"),))
    assert read_aggregates(profile, compile_schema(changed, "t_2"), Moment(5))[0] == {"owned": present(("game",))}


@pytest.mark.parametrize(("said", "hour"), [("Asia/Kathmandu", 5), ("Nowhere/None", 1), (None, 1)])
def test_hours_go_by_the_time_zone_of_the_person(said: str | None, hour: int) -> None:
    declared = TraitSchema(
        traits=(TraitDeclaration("zone", AttributeType.STRING),),
        aggregates=(AggregateDeclaration("best", Formula(Measure.BEST_HOUR, "view")),),
        time_zone_trait="zone",
        default_time_zone="Europe/Paris",
    )
    schema = compile_schema(declared, "t_1")
    profile = part_of(schema, [Event("e1", "view", 0, 0, (), {})])
    if said:
        profile = decode_profile(encode(profile))
        profile.traits["zone"] = Observation(said, TraitSource.EXPLICIT, 0)
    assert read_aggregates(profile, schema, Moment(5))[0] == {"best": present(hour)}


def test_states_come_back_from_storage_as_they_were() -> None:
    lists = Formula(Measure.FIRST, "view", "x", window_ms=10**6, type=AttributeType.INT_LIST)
    oldest = Formula(Measure.FIRST, "view", "x", type=AttributeType.INT_LIST)
    texts = Formula(Measure.TOP_K, "view", "x", k=2)
    numbers = (Formula(measure, "view", "x") for measure in (Measure.MIN, Measure.MEAN))
    schema = schema_of(lists, oldest, texts, *numbers)
    values: list[Value] = [(1, 2), "a", 2.5]
    log = [Event(f"e{index}", "view", index, 0, (), {"x": value}) for index, value in enumerate(values)]
    profile = part_of(schema, log)
    stored = decode_profile(encode(profile))
    assert stored.states == profile.states
    assert read_aggregates(stored, schema, Moment(5))[0]["a0"] == present((1, 2))
