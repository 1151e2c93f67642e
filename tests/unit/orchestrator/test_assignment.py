"""Where nothing is explored, all slots of a request are shared out for the most they can be worth together."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration import assignment as solving
from services.orchestrator.domain.arbitration.assign import Filled, fill
from services.orchestrator.domain.arbitration.assignment import Method
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotPlan, Standing, Sticky, Terms, fill_slots
from tests.support.arbitration import Shape, exploring, random_field
from tests.support.assignments import Request


def filled(request: Request, standing: Standing | None = None) -> Filled:
    return fill(request.field, request.plans, request.terms, standing or Standing())


@st.composite
def requests(draw: st.DrawFn, *, whole: bool = False, limited: bool | None = None) -> Request:
    places, actions = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    worth = rng.integers(-3, 6, (places, actions)) if whole else rng.normal(1.0, 2.0, (places, actions))
    counts = [draw(st.integers(1, 2)) for _ in range(places)]
    is_limited = draw(st.booleans()) if limited is None else limited
    groups = [draw(st.integers(0, 1)) for _ in range(actions)] if is_limited else []
    return Request(
        worth.astype(np.float64).tolist(),
        counts,
        channels=[draw(st.integers(0, 1)) for _ in range(places)],
        groups=groups,
        most=[draw(st.integers(0, 2)) for _ in range(2)] if is_limited else [],
        terms=Terms("d1", draw(st.sampled_from([0.0, 0.5, -1.0])), draw(st.booleans()), draw(st.booleans())),
    )


@settings(max_examples=100)
@given(st.one_of(requests(), requests(whole=True)))
def test_the_assignment_is_worth_what_the_best_of_all_is(request: Request) -> None:
    result = filled(request)
    chosen = request.chosen(result.draws)
    assert request.keeps_rules(chosen)
    assert request.value(chosen) == pytest.approx(request.best(), abs=1e-6)
    if result.assignment is not None:
        assert result.assignment.value == pytest.approx(request.best(), abs=1e-6)
        assert result.assignment.gap == pytest.approx(0.0, abs=1e-6)


def test_a_place_gives_up_its_best_where_another_gains_more() -> None:
    request = Request([[5.0, 4.0], [5.0, 1.0]], [1, 1])
    assert request.chosen(fill_slots(request.field, request.plans, request.terms)) == [(0, 0), (1, 1)]
    result = filled(request)
    assert request.chosen(result.draws) == [(0, 1), (1, 0)]
    assert result.assignment is not None
    assert (result.assignment.method, result.assignment.value, result.assignment.gap) == (Method.MATCHING, 9.0, 0.0)


LIMITED = Request([[5.0, 4.0, 1.0], [4.0, 9.0, 1.0]], [1, 1], groups=[0, 0, 1], most=[1, 1])
"""The best of each place are of one group, of which there may be one."""


def test_limits_make_it_a_program() -> None:
    result = filled(LIMITED)
    assert LIMITED.chosen(result.draws) == [(0, 2), (1, 1)]
    assert result.assignment is not None
    assert (result.assignment.method, result.assignment.value) == (Method.PROGRAM, 10.0)


def test_beyond_what_is_solved_the_gap_to_the_bound_is_reported() -> None:
    with mock.patch.object(solving, "MAX_PROGRAM_ROWS", 1):
        result = filled(LIMITED)
    assert LIMITED.chosen(result.draws) == [(0, 0), (1, 2)]
    assert result.assignment is not None
    assert (result.assignment.method, result.assignment.value, result.assignment.bound) == (Method.IN_ORDER, 6.0, 14.0)
    assert result.assignment.gap == 8.0


@settings(max_examples=100)
@given(requests(), st.integers(0, 2))
def test_the_reported_bound_holds_however_little_is_solved(request: Request, size: int) -> None:
    with mock.patch.object(solving, "MAX_PROGRAM_ROWS", size), mock.patch.object(solving, "MAX_MATCHED", size):
        result = filled(request)
    chosen = request.chosen(result.draws)
    assert request.keeps_rules(chosen)
    if result.assignment is not None:
        assert result.assignment.value == pytest.approx(request.value(chosen), abs=1e-9)
        assert result.assignment.bound >= request.best() - 1e-6


@settings(max_examples=100)
@given(requests(), st.data())
def test_removing_a_losing_candidate_changes_nothing(request: Request, data: st.DataObject) -> None:
    chosen = request.chosen(filled(request).draws)
    losers = [
        (place, action)
        for place, row in enumerate(request.worth)
        for action in range(len(row))
        if (place, action) not in chosen
    ]
    if not losers:
        return
    place, action = data.draw(st.sampled_from(losers))
    worth = [list(row) for row in request.worth]
    worth[place][action] = -1e6
    assert request.chosen(filled(replace(request, worth=worth)).draws) == chosen


@settings(max_examples=100)
@given(requests(), st.floats(1.0, 10.0), st.data())
def test_raising_a_lever_never_takes_a_slot_from_the_action(
    request: Request, factor: float, data: st.DataObject
) -> None:
    action = data.draw(st.integers(0, len(request.worth[0]) - 1))
    raised = [[w * factor if a == action and w > 0 else w for a, w in enumerate(row)] for row in request.worth]
    before, after = filled(request), filled(replace(request, worth=raised))

    def slots(result: Filled) -> list[int]:
        return [place for place, each in request.chosen(result.draws) if each == action]

    worth_before = sum(max(0.0, request.worth[place][action]) for place in slots(before))
    worth_after = sum(max(0.0, request.worth[place][action]) for place in slots(after))
    assert bool(slots(after)) >= bool(slots(before))
    assert worth_after >= worth_before - 1e-9


@given(st.integers(1, 12), st.integers(0, 500), st.floats(1.0, 20.0), st.data())
def test_raising_a_lever_never_lowers_the_rank_in_a_placement(
    size: int, seed: int, factor: float, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    worth = np.abs(rng.normal(1.0, 1.0, (1, size)))
    request = Request(worth.tolist(), [size], groups=rng.integers(0, 2, size).tolist(), most=[2, size])
    action = data.draw(st.integers(0, size - 1))
    raised = worth.copy()
    raised[0, action] *= factor
    before = [each for _, each in request.chosen(filled(request).draws)]
    after = [each for _, each in request.chosen(filled(replace(request, worth=raised.tolist())).draws)]
    assert action not in before or after.index(action) <= before.index(action)


def test_silence_is_explicit_where_nothing_left_is_worth_it() -> None:
    request = Request([[5.0, -1.0], [4.0, -2.0]], [1, 2])
    draws = filled(request).draws
    assert [(draw.place, draw.row, draw.best_priority) for draw in draws] == [
        (0, 0, 5.0),
        (1, SILENCE, -2.0),
    ]


def test_a_place_whose_only_candidate_is_worth_more_elsewhere_has_no_draw() -> None:
    request = Request([[5.0], [7.0]], [1, 1])
    assert [(draw.place, draw.row) for draw in filled(request).draws] == [(1, 1)]


def test_what_stands_stays_and_the_rest_is_the_best_given_it() -> None:
    request = Request([[5.0, 4.0, 0.5], [5.0, 1.0, 0.1]], [1, 1])
    before = filled(request).draws
    closed = np.zeros(6, dtype=np.bool_)
    closed[before[1].row] = True
    after = filled(request, Standing(before[:1], closed, 1))
    assert request.chosen(after.draws) == [(0, 1), (1, 2)]
    assert [draw.refusals for draw in after.draws] == [0, 1]


def test_what_is_served_again_keeps_its_slot_and_its_action() -> None:
    request = Request([[5.0, 4.0], [5.0, 1.0]], [1, 1])
    field = replace(request.field, sticky=(Sticky(3, "d0", 0.25),))
    draws = fill(field, request.plans, request.terms).draws
    assert request.chosen(draws) == [(0, 0), (1, 1)]
    assert [draw.sticky for draw in draws] == [None, Sticky(3, "d0", 0.25)]


@given(st.integers(2, 8), st.integers(0, 200))
def test_where_something_is_explored_slots_are_filled_in_order(size: int, seed: int) -> None:
    worth, beliefs = random_field(Shape(size), seed)
    request = Request([[0.0] * size], [2])
    field = replace(request.field, worth=worth, beliefs=beliefs, exploring=exploring(size))
    in_order = fill_slots(field, request.plans, request.terms)
    result = fill(field, request.plans, request.terms)
    assert result.assignment is None
    assert [draw.row for draw in result.draws] == [draw.row for draw in in_order]


def test_a_thousand_actions_in_ten_places_are_assigned() -> None:
    rng = np.random.default_rng(7)
    worth = rng.gamma(2.0, 1.0, (10, 1_000))
    request = Request(worth.tolist(), [3] * 10, groups=rng.integers(0, 20, 1_000).tolist(), most=[2] * 20)
    result = filled(request)
    assert result.assignment is not None
    in_order = request.value(request.chosen(fill_slots(request.field, request.plans, request.terms)))
    assert in_order < result.assignment.value <= result.assignment.bound
    assert result.assignment.gap <= 1e-6 * result.assignment.bound


def test_exploration_that_was_switched_off_is_none() -> None:
    worth, beliefs = random_field(Shape(4), 3)
    request = Request([[0.0] * 4], [2])
    field = replace(
        request.field,
        worth=worth,
        beliefs=beliefs,
        exploring=exploring(4, Exploration(ExplorationKind.THOMPSON)).without_exploration(),
    )
    assert fill(field, [SlotPlan("home", 2)], request.terms).assignment is not None
