"""Where windows begin and end, by the clock of the person; what is said of more events than are kept one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.profile.domain.aggregates.formula import Formula, Measure
from services.profile.domain.aggregates.rules import rule_of
from services.profile.domain.aggregates.states import Series, Sightings, State
from services.profile.domain.events import Event
from services.profile.domain.ledger.limits import CalendarUnit
from shared.clock import MS_PER_DAY, to_ms
from shared.time_zones import zone
from shared.values import AttributeType, Feature, Value, present
from tests.support.aggregate_formulas import HOUR_MS, event

UTC = zone("UTC")


def folded(formula: Formula, batches: Sequence[Sequence[Event]]) -> State:
    rule = rule_of(formula)
    state: State = rule.empty()
    for batch in batches:
        state = rule.fold(formula, state, batch)
    return state


def answer(formula: Formula, state: State, read_ms: int, at: ZoneInfo = UTC) -> Feature | None:
    return rule_of(formula).read(formula, state, read_ms, at)


@pytest.mark.parametrize(("read_ms", "count"), [(110, 2), (111, 1), (119, 1), (120, 0)])
def test_a_window_begins_after_its_start_and_ends_with_the_reading(read_ms: int, count: int) -> None:
    formula = Formula(Measure.COUNT, "view", window_ms=10)
    state = folded(formula, [[event(index, time_ms, {}) for index, time_ms in enumerate((100, 101, 110))]])
    assert answer(formula, state, read_ms) == present(count)


def test_a_steady_stream_of_events_has_its_rate_per_day() -> None:
    formula = Formula(Measure.DECAYED_RATE, "view", half_life_ms=MS_PER_DAY)
    log = [event(index, index * HOUR_MS // 2, {}) for index in range(48 * 60)]
    found = answer(formula, folded(formula, [log]), log[-1].event_ms)
    assert found is not None
    assert found.value == pytest.approx(48, rel=0.02)


@pytest.mark.parametrize("count", [4_096, 20_000])
def test_a_flooded_window_stays_small_and_right_within_a_thousandth(count: int) -> None:
    formula = Formula(Measure.COUNT, "view", window_ms=count)
    state = folded(formula, [[event(i, i, {}) for i in range(start, start + 16)] for start in range(0, count, 16)])
    assert isinstance(state, Series)
    assert len(state.times) <= 4_096
    for read_ms in (count - 1, count + count // 3, count + count // 2):
        found = answer(formula, state, read_ms)
        expected = 2 * count - 1 - read_ms
        assert found is not None
        assert found.value == pytest.approx(expected, abs=0 if count <= 4_096 else count / 1_000)


def test_distinct_values_beyond_the_bound_keep_the_latest_and_stay_at_the_bound() -> None:
    formula = Formula(Measure.DISTINCT, "view", "x", window_ms=1_000)
    log = [event(index, index, {"x": index}) for index in range(6_000)]
    state = folded(formula, [log[::2], log[1::2]])
    assert answer(formula, state, 5_999) == present(1_000)
    everything = Formula(Measure.DISTINCT, "view", "x")
    assert answer(everything, folded(everything, [log[::-1]]), 5_999) == present(4_096)


def local(text: str, name: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone(name)))


@pytest.mark.parametrize(
    ("name", "unit", "inside", "outside", "read"),
    [
        ("Europe/Paris", CalendarUnit.DAY, "2026-10-25T00:00", "2026-10-24T23:59", "2026-10-25T23:59"),
        ("Europe/Paris", CalendarUnit.DAY, "2026-03-29T00:00", "2026-03-28T23:59", "2026-03-29T23:00"),
        ("Asia/Kathmandu", CalendarUnit.DAY, "2026-06-10T00:00", "2026-06-09T23:59", "2026-06-10T05:00"),
        ("Asia/Kathmandu", CalendarUnit.HOUR, "2026-06-10T05:00", "2026-06-10T04:59", "2026-06-10T05:44"),
        ("Pacific/Apia", CalendarUnit.WEEK, "2011-12-26T00:00", "2011-12-25T23:59", "2011-12-31T12:00"),
        ("Pacific/Apia", CalendarUnit.DAY, "2011-12-31T00:00", "2011-12-29T23:59", "2011-12-31T12:00"),
        ("America/New_York", CalendarUnit.MONTH, "2026-11-01T00:00", "2026-10-31T23:59", "2026-11-30T12:00"),
        ("America/New_York", CalendarUnit.YEAR, "2026-01-01T00:00", "2025-12-31T23:59", "2026-12-31T23:00"),
    ],
)
def test_a_calendar_window_is_the_unit_on_the_clock_of_the_person(
    name: str, unit: CalendarUnit, inside: str, outside: str, read: str
) -> None:
    log = [event(0, local(inside, name), {}), event(1, local(outside, name), {})]
    running = Formula(Measure.COUNT, "view", calendar=unit)
    assert answer(running, folded(running, [log]), local(read, name), zone(name)) == present(1)
    earlier = [event(0, local(outside, name), {"x": "b"}), event(1, local(inside, name), {"x": "c"})]
    previous = Formula(Measure.TOP_K, "view", "x", calendar=unit, is_previous=True, k=3)
    assert answer(previous, folded(previous, [earlier]), local(read, name), zone(name)) == present(("b",))


def test_a_person_who_moves_takes_the_past_along() -> None:
    night = [event(index, local("2026-06-10T23:30", "Europe/Paris"), {}) for index in range(3)]
    formula = Formula(Measure.BEST_HOUR, "view")
    state = folded(formula, [night])
    read_ms = night[0].event_ms
    assert answer(formula, state, read_ms, zone("Europe/Paris")) == present(23)
    assert answer(formula, state, read_ms, zone("Asia/Kathmandu")) == present(3)
    week = Formula(Measure.HOUR_OF_WEEK, "view")
    found = answer(week, folded(week, [night]), read_ms, zone("Europe/Paris"))
    assert found is not None
    assert isinstance(found.value, tuple)
    wednesday = 2
    assert [(hour, count) for hour, count in enumerate(found.value) if count] == [(wednesday * 24 + 23, 3)]


FLOOD = 10_000


@pytest.mark.parametrize(
    ("measure", "held", "expected", "tolerance"),
    [
        (Measure.SUM, lambda i: 1.0, FLOOD, FLOOD / 1_000),
        (Measure.MEAN, lambda i: float(i % 7), 3.0, 0.01),
        (Measure.FIRST, lambda i: i, FLOOD, FLOOD / 1_000),
    ],
)
def test_a_flooded_window_is_right_within_a_thousandth_for_every_measure(
    measure: Measure, held: object, expected: float, tolerance: float
) -> None:
    kind = AttributeType.INT if measure is Measure.FIRST else None
    formula = Formula(measure, "view", "x", window_ms=FLOOD, type=kind)
    log = [event(i, i, {"x": held(i)}) for i in range(2 * FLOOD)]  # type: ignore[operator]
    state = folded(formula, [log[i : i + 500] for i in range(0, len(log), 500)])
    assert isinstance(state, Series | Sightings)
    assert len(state.times) <= 4_096
    found = answer(formula, state, 2 * FLOOD - 1)
    assert found is not None
    assert found.value == pytest.approx(expected, abs=tolerance)


def test_the_extreme_of_a_flooded_window_is_not_lost() -> None:
    formula = Formula(Measure.MIN, "view", "x", window_ms=FLOOD)
    log = [event(i, i, {"x": abs(i - 3_000)}) for i in range(FLOOD)]
    assert answer(formula, folded(formula, [log[::2], log[1::2]]), FLOOD - 1) == present(0.0)


def test_the_favourites_of_a_flooded_window_are_counted_right_within_a_thousandth() -> None:
    formula = Formula(Measure.TOP_K, "view", "x", window_ms=FLOOD, k=2)
    texts: list[Value] = ["a", "b", "b", "c"]
    log = [event(i, i, {"x": texts[i % 4]}) for i in range(2 * FLOOD)]
    state = folded(formula, [log[i : i + 500] for i in range(0, len(log), 500)])
    assert isinstance(state, Sightings)
    assert len(state.times) <= 4_096
    assert sum(state.counts) == pytest.approx(FLOOD, abs=FLOOD / 500)
    found = answer(formula, state, 2 * FLOOD - 1)
    assert found is not None
    assert isinstance(found.value, tuple)
    assert found.value[0] == "b"


@pytest.mark.parametrize("measure", [Measure.TOP_K, Measure.OWNED, Measure.HOUR_OF_WEEK])
def test_states_beyond_their_bound_do_not_depend_on_the_order(measure: Measure) -> None:
    formula = Formula(measure, "view", "x" if measure.needs_property else "", k=3 if measure is Measure.TOP_K else 0)
    log = [event(i, i * HOUR_MS, {"x": f"v{i}"}) for i in range(5_000)]
    forward = folded(formula, [log[:3_000], log[3_000:]])
    assert folded(formula, [log[::-1][:100], log[::-1][100:]]) == forward
    halves = [folded(formula, [log[:2_500]]), folded(formula, [log[2_500:]])]
    assert rule_of(formula).combine(formula, *halves) == forward
