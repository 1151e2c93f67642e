"""Every measure answers what a look at all events would, whatever their order and window, at every moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.profile.domain.aggregates.formula import Formula, Measure, formula_of
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.aggregates.states import State
from services.profile.domain.events import Event
from shared.time_zones import zone
from shared.values import NOT_FOUND, Feature, FeatureStatus
from tests.support.aggregate_formulas import age_of, brute_force, formulas_of, log_of, newest_ms, zone_of
from tests.support.promises import strength

UTC = zone("UTC")


def folded(formula: Formula, batches: Sequence[Sequence[Event]]) -> State:
    rule = rule_of(formula)
    state: State = rule.empty()
    for batch in batches:
        found = [each for each in batch if each.type in formula.events]
        state = rule.fold(formula, state, found) if found else state
    return state


def answer(formula: Formula, state: State, read_ms: int, at: ZoneInfo = UTC) -> Feature | None:
    return rule_of(formula).read(formula, state, read_ms, at)


def same(left: Feature, right: Feature) -> bool:
    if isinstance(left.value, float) and isinstance(right.value, float | int):
        return left.status is right.status and math.isclose(left.value, right.value, rel_tol=1e-9, abs_tol=1e-300)
    return left == right


def pieces(log: Sequence[Event], size: int) -> list[Sequence[Event]]:
    return [log[start : start + size] for start in range(0, len(log), size)]


every_measure = pytest.mark.parametrize("measure", list(Measure), ids=lambda measure: measure.name)
thorough = settings(max_examples=strength(reduced=15, full=1_000))
chances = st.integers(0, 2**32).map(Random)
sizes = st.integers(0, 30)


@every_measure
@thorough
@given(chance=chances, size=sizes)
def test_an_answer_is_what_all_events_say_or_there_is_none(measure: Measure, chance: Random, size: int) -> None:
    for formula in formulas_of(measure, chance):
        log, at = log_of(formula, chance, size), zone_of(chance)
        state = folded(formula, [[each] for each in log])
        for read_ms in (newest_ms(log) + age_of(chance), newest_ms(log) - age_of(chance)):
            found = answer(formula, state, read_ms, at)
            assert found is not None or read_ms < newest_ms(log)
            assert found is None or same(found, brute_force(formula, log, read_ms, at))


@every_measure
@thorough
@given(chance=chances, size=sizes)
def test_neither_the_order_of_events_nor_their_grouping_shows(measure: Measure, chance: Random, size: int) -> None:
    for formula in formulas_of(measure, chance):
        log, at = log_of(formula, chance, size), zone_of(chance)
        batches = pieces(chance.sample(log, len(log)), chance.randint(1, 5))
        read_ms = newest_ms(log) + age_of(chance)
        first, second = (answer(formula, folded(formula, each), read_ms, at) for each in ([log], batches))
        assert first == second, "equal to the last bit"


@every_measure
@thorough
@given(chance=chances, counts=st.lists(sizes, max_size=3))
def test_states_of_different_events_together_are_the_state_of_all_of_them(
    measure: Measure, chance: Random, counts: list[int]
) -> None:
    for formula in formulas_of(measure, chance):
        at = zone_of(chance)
        parts = [
            [_named(f"{part}-{each.event_id}", each) for each in log_of(formula, chance, count)]
            for part, count in enumerate(counts)
        ]
        every = [each for log in parts for each in log]
        combined = rule_of(formula).empty()
        for log in chance.sample(parts, len(parts)):
            combined = rule_of(formula).combine(formula, combined, folded(formula, [log]))
        read_ms = newest_ms(every) + age_of(chance)
        assert answer(formula, combined, read_ms, at) == answer(formula, folded(formula, [every]), read_ms, at)
        more = [_named(f"z-{each.event_id}", each) for each in every[:5] if each.type in formula.events]
        later = rule_of(formula).fold(formula, combined, more)
        assert answer(formula, later, read_ms, at) == answer(formula, folded(formula, [every, more]), read_ms, at)


def _named(event_id: str, each: Event) -> Event:
    return replace(each, event_id=event_id)


@every_measure
@given(chance=chances, read_ms=st.integers(-(10**13), 10**15))
def test_a_profile_without_events_has_an_answer_at_every_moment(measure: Measure, chance: Random, read_ms: int) -> None:
    for formula in formulas_of(measure, chance):
        found = answer(formula, rule_of(formula).empty(), read_ms, zone_of(chance))
        assert found is not None
        nothing = {None, 0, (), (0,) * 168}
        assert found == NOT_FOUND or (found.status is FeatureStatus.PRESENT and found.value in nothing)


@every_measure
@thorough
@given(chance=chances)
def test_a_key_spells_out_its_formula(measure: Measure, chance: Random) -> None:
    for formula in formulas_of(measure, chance):
        assert formula_of(formula.key) == formula


def test_a_formula_of_the_first_release_keeps_its_key() -> None:
    assert Formula(Measure.COUNT, "cart_add", window_ms=3_600_000).key == "COUNT/cart_add/3600000/0/0/"
    assert Formula(Measure.SUM, "purchase", "a/b").key == "SUM/purchase/0/0/0/a/b"


@every_measure
@thorough
@given(chance=chances, size=sizes)
def test_events_of_machines_do_not_count(measure: Measure, chance: Random, size: int) -> None:
    for formula in formulas_of(measure, chance):
        log = log_of(formula, chance, size)
        people = [each for each in log if not each.is_machine]
        assert folded(formula, [[each] for each in log]) == folded(formula, [[each] for each in people])


@pytest.mark.parametrize("measure", list(Measure))
def test_every_measure_has_a_type(measure: Measure) -> None:
    assert (Formula(measure, "view").answers is None) == measure.needs_type
