"""Every measure answers what a look at all events would, whatever their order, at every moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.aggregates.formula import Formula, Measure, formula_of
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.events import Event
from shared.clock import MS_PER_DAY
from shared.values import NOT_FOUND, AttributeType, Feature, Value, present

HOUR_MS = 3_600_000

properties = st.dictionaries(
    st.just("x"),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["a", "b", ""]),
        st.lists(st.integers(0, 1), max_size=2).map(tuple),
    ),
)
times = st.integers(0, 40).map(lambda hour: hour * HOUR_MS)


def event(index: int, event_ms: int, held: dict[str, Value]) -> Event:
    return Event(f"e{index:03}", "view", event_ms, event_ms, (), held)


events = st.lists(st.tuples(times, properties), max_size=30).map(
    lambda drawn: [event(index, time_ms, held) for index, (time_ms, held) in enumerate(drawn)]
)
windows = st.sampled_from([0, HOUR_MS, 7 * HOUR_MS, 1_000 * HOUR_MS])
formulas = st.one_of(
    st.builds(Formula, st.just(Measure.COUNT), st.just("view"), window_ms=windows),
    st.builds(Formula, st.just(Measure.SUM), st.just("view"), st.just("x"), windows),
    st.builds(
        Formula,
        st.just(Measure.LAST),
        st.just("view"),
        st.just("x"),
        windows,
        type=st.sampled_from([AttributeType.INT, AttributeType.DOUBLE, AttributeType.STRING, AttributeType.INT_LIST]),
    ),
    st.builds(Formula, st.just(Measure.DISTINCT), st.just("view"), st.just("x"), windows),
    st.builds(
        Formula,
        st.just(Measure.DECAYED_RATE),
        st.just("view"),
        window_ms=windows,
        half_life_ms=st.sampled_from([60_000, 5 * HOUR_MS, 30 * MS_PER_DAY]),
    ),
)


def numeric(value: Value) -> bool:
    return type(value) in (int, float) and abs(value) <= 1e290  # type: ignore[arg-type]


def fits(value: Value, kind: AttributeType | None) -> bool:
    python_types = {
        AttributeType.INT: (int,),
        AttributeType.DOUBLE: (int, float),
        AttributeType.STRING: (str,),
        AttributeType.INT_LIST: (tuple,),
    }
    assert kind is not None
    return value is None or type(value) in python_types[kind]


def brute_force(formula: Formula, log: Sequence[Event], read_ms: int) -> Feature:
    """The definition of every measure, from the list of all events."""
    start_ms = read_ms - formula.window_ms if formula.window_ms else -1
    within = [each for each in log if start_ms < each.event_ms <= read_ms]
    held = [each.properties["x"] for each in within if "x" in each.properties]
    match formula.measure:
        case Measure.COUNT:
            return present(len(within))
        case Measure.SUM:
            return present(float(sum((Fraction(value) for value in held if numeric(value)), Fraction())))  # type: ignore[arg-type]
        case Measure.LAST:
            matching = [each for each in within if "x" in each.properties and fits(each.properties["x"], formula.type)]
            newest = max(matching, key=lambda each: (each.event_ms, each.event_id), default=None)
            return NOT_FOUND if newest is None else present(newest.properties["x"])
        case Measure.DISTINCT:
            kinds = {
                (isinstance(value, bool), type(value) in (str, tuple), value) for value in held if value is not None
            }
            return present(len(kinds))
        case Measure.DECAYED_RATE:
            half_life_days = formula.half_life_ms / MS_PER_DAY
            weight = sum(2.0 ** ((each.event_ms - read_ms) / formula.half_life_ms) for each in within)
            mass = half_life_days / math.log(2)
            if formula.window_ms:
                mass *= 1 - 2.0 ** (-formula.window_ms / formula.half_life_ms)
            return present(weight / mass)


def folded(formula: Formula, batches: Sequence[Sequence[Event]]) -> object:
    rule = rule_of(formula)
    state = rule.empty()
    for batch in batches:
        state = rule.fold(formula, state, batch)
    return state


def same(left: Feature, right: Feature) -> bool:
    if isinstance(left.value, float) and isinstance(right.value, float | int):
        return left.status is right.status and math.isclose(left.value, right.value, rel_tol=1e-9, abs_tol=1e-300)
    return left == right


@given(formulas, events, st.integers(0, 60).map(lambda hour: hour * HOUR_MS))
def test_an_answer_is_what_all_events_say_or_there_is_none(formula: Formula, log: list[Event], read_ms: int) -> None:
    state = folded(formula, [[each] for each in log])
    answer = rule_of(formula).read(formula, state, read_ms)
    newest_ms = max((each.event_ms for each in log), default=0)
    if read_ms >= newest_ms:
        assert answer is not None
    if answer is not None:
        assert same(answer, brute_force(formula, log, read_ms))


@given(formulas, events, st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_the_order_of_events_nor_their_grouping_shows(
    formula: Formula, log: list[Event], random: object, size: int
) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    read_ms = 50 * HOUR_MS
    answers = {rule_of(formula).read(formula, folded(formula, each), read_ms) for each in ([log], batches)}
    assert len(answers) == 1, "equal to the last bit"


@given(formulas, st.integers(-(10**13), 10**13))
def test_a_profile_without_events_has_an_answer_at_every_moment(formula: Formula, read_ms: int) -> None:
    rule = rule_of(formula)
    assert rule.read(formula, rule.empty(), read_ms) == brute_force(formula, [], read_ms)


@given(formulas)
def test_a_key_spells_out_its_formula(formula: Formula) -> None:
    assert formula_of(formula.key) == formula


@pytest.mark.parametrize(("read_ms", "count"), [(110, 2), (111, 1), (119, 1), (120, 0)])
def test_a_window_begins_after_its_start_and_ends_with_the_reading(read_ms: int, count: int) -> None:
    formula = Formula(Measure.COUNT, "view", window_ms=10)
    state = folded(formula, [[event(index, time_ms, {}) for index, time_ms in enumerate((100, 101, 110))]])
    assert rule_of(formula).read(formula, state, read_ms) == present(count)


def test_a_steady_stream_of_events_has_its_rate_per_day() -> None:
    formula = Formula(Measure.DECAYED_RATE, "view", half_life_ms=MS_PER_DAY)
    log = [event(index, index * HOUR_MS // 2, {}) for index in range(48 * 60)]
    answer = rule_of(formula).read(formula, folded(formula, [log]), log[-1].event_ms)
    assert answer is not None
    assert answer.value == pytest.approx(48, rel=0.02)


@pytest.mark.parametrize("count", [4_096, 20_000])
def test_a_flooded_window_stays_small_and_right_within_a_thousandth(count: int) -> None:
    formula = Formula(Measure.COUNT, "view", window_ms=count)
    rule = rule_of(formula)
    state = folded(formula, [[event(i, i, {}) for i in range(start, start + 16)] for start in range(0, count, 16)])
    assert len(state.times) <= 4_096  # type: ignore[attr-defined]
    for read_ms in (count - 1, count + count // 3, count + count // 2):
        answer = rule.read(formula, state, read_ms)
        expected = 2 * count - 1 - read_ms
        assert answer is not None
        assert answer.value == pytest.approx(expected, abs=0 if count <= 4_096 else count / 1_000)


def test_distinct_values_beyond_the_bound_keep_the_latest_and_stay_at_the_bound() -> None:
    formula = Formula(Measure.DISTINCT, "view", "x", window_ms=1_000)
    log = [event(index, index, {"x": index}) for index in range(6_000)]
    state = folded(formula, [log[::2], log[1::2]])
    rule = rule_of(formula)
    assert rule.read(formula, state, 5_999) == present(1_000)
    everything = Formula(Measure.DISTINCT, "view", "x")
    assert rule.read(everything, folded(everything, [log[::-1]]), 5_999) == present(4_096)
