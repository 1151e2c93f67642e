"""Randomised silence: drawn with the winner, by one number, at exactly the logged probabilities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration.assign import fill
from services.orchestrator.domain.arbitration.draw import pick, uniform
from services.orchestrator.domain.arbitration.silence import NO_GHOST, Withheld, draw_or_withhold
from services.orchestrator.domain.arbitration.slots import SILENCE, Field, SlotPlan, Standing, Sticky, Terms, fill_slots
from tests.support.arbitration import Shape, exploring, random_field
from tests.support.assignments import Request
from tests.support.frequencies import Tally

HOME, SIDE = SlotPlan("home", 1), SlotPlan("side", 1)


def field_of(size: int, silence: list[float], *, seed: int = 5, places: int = 1) -> Field:
    """The same exploring candidates in every place."""
    worth, beliefs = random_field(Shape(size), seed)
    rows = np.tile(np.arange(size), places)
    return Field(
        np.arange(places + 1, dtype=np.intp) * size,
        rows.astype(np.int32),
        worth.take(rows),
        beliefs.take(rows),
        exploring(rows.size),
        silence=np.array(silence * places),
    )


def terms(decision_id: str, reserve: float = 0.0) -> Terms:
    return Terms(decision_id, reserve, across_placements=True)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8).filter(lambda weights: sum(weights) > 0.01),
    st.data(),
    st.floats(0.0, 1.0, exclude_max=True),
)
def test_vectors_sum_to_one_and_the_recorded_one_gives_the_choice_again(
    weights: list[float], data: st.DataObject, number: float
) -> None:
    vector = np.array(weights) / sum(weights)
    size = vector.size - 1
    silence = np.array(data.draw(st.lists(st.floats(0.0, 1.0), min_size=size, max_size=size)))
    drawn = draw_or_withhold(vector, silence, number)
    assert drawn.probabilities.sum() == pytest.approx(1.0)
    assert drawn.probabilities[:-1] == pytest.approx(vector[:-1] * (1.0 - silence))
    assert drawn.choice == pick(drawn.probabilities, number)
    if drawn.withheld is not None:
        winner = drawn.withheld.ghost if drawn.withheld.ghost != NO_GHOST else drawn.choice
        assert (drawn.withheld.silence, drawn.withheld.probability) == (silence[winner], vector[winner])
        assert (drawn.withheld.ghost != NO_GHOST) == (drawn.choice == size)


def test_places_fall_silent_and_rows_are_shown_as_often_as_the_vector_says() -> None:
    field = field_of(5, [0.1, 0.3, 0.0, 0.5, 0.2])
    tally, ghosts = Tally(), np.zeros(5)
    without = fill_slots(replace(field, silence=None), [HOME], terms("d", 0.02))[0].probabilities
    for index in range(20_000):
        (draw,) = fill_slots(field, [HOME], terms(f"d{index}", 0.02))
        tally.count("home", draw.probabilities, draw.row)
        if draw.row == SILENCE and draw.withheld is not None:
            ghosts[draw.withheld.ghost] += 1
            assert draw.withheld.probability == without[draw.withheld.ghost]
    assert tally.p_value() > 1e-4
    assert tally.p_value(mixed_with_uniform=0.05) < 1e-4
    assert field.silence is not None
    expected = without[:-1] * field.silence * 20_000
    assert ghosts == pytest.approx(expected, abs=4.0 * expected.max() ** 0.5 + 1.0)


def test_being_withheld_depends_on_nothing_but_who_won() -> None:
    """Among the draws that a row won, the share that was withheld is its probability of silence."""
    field = field_of(3, [0.25, 0.25, 0.25])
    withheld = []
    for index in range(8_000):
        (draw,) = fill_slots(field, [HOME], terms(f"d{index}"))
        if draw.withheld is not None:
            withheld.append(draw.withheld.ghost != NO_GHOST)
    assert np.mean(withheld) == pytest.approx(0.25, abs=4.0 * 0.44 / len(withheld) ** 0.5)


def test_a_ghost_ends_its_place_and_counts_as_shown_for_the_others() -> None:
    field = field_of(3, [1.0, 1.0, 1.0], places=2)
    field.silence[3:] = 0.0  # type: ignore[index]  # of the second place
    home, side = fill_slots(field, [SlotPlan("home", 3), SIDE], terms("d1", -1e9))
    assert (home.row, home.slot) == (SILENCE, 0)
    assert home.withheld is not None
    assert field.action[side.row] != field.action[home.withheld.ghost]
    assert side.probabilities[home.withheld.ghost] == 0.0


def test_only_the_first_slot_of_a_place_can_fall_silent_on_purpose() -> None:
    field = field_of(4, [0.5] * 4)
    shown = [draws for index in range(50) if (draws := fill_slots(field, [SlotPlan("home", 3)], terms(f"d{index}")))]
    longer = [draws for draws in shown if draws[0].row != SILENCE]
    assert 0 < len(longer) < len(shown)
    assert all(draw.withheld is None for draws in longer for draw in draws[1:])
    assert all(
        draws[0].withheld == Withheld(0.5, draws[0].withheld.probability) for draws in longer if draws[0].withheld
    )


def test_silence_that_is_worth_most_withholds_nobody() -> None:
    (draw,) = fill_slots(field_of(3, [1.0] * 3), [HOME], terms("d1", 1e9))
    assert (draw.row, draw.withheld, draw.silence_probability) == (SILENCE, None, 1.0)


def test_what_is_served_again_is_not_withheld() -> None:
    field = replace(field_of(3, [1.0] * 3), sticky=(Sticky(1, "d0", 0.25),))
    (draw,) = fill_slots(field, [HOME], terms("d1"))
    assert (draw.row, draw.withheld, draw.sticky) == (1, None, Sticky(1, "d0", 0.25))


def test_a_slot_that_is_drawn_again_is_drawn_by_the_same_law() -> None:
    field = field_of(3, [0.5] * 3)
    silent = [
        fill_slots(field, [HOME], terms(f"d{index}"), Standing((), np.array([True, False, False]), 1))[0].row == SILENCE
        for index in range(2_000)
    ]
    assert np.mean(silent) == pytest.approx(0.5, abs=0.05)


def test_the_best_assignment_falls_silent_place_by_place_and_moves_nothing() -> None:
    request = Request([[5.0, 4.0, 1.0], [5.0, 1.0, 0.5]], [2, 1])
    field = replace(request.field, silence=np.array([0.5, 0.5, 0.5, 0.25, 0.25, 0.25]))
    tally = Tally()
    planned = {0: {1, 2}, 1: {0}}
    for index in range(2_000):
        draws = fill(field, request.plans, replace(request.terms, decision_id=f"d{index}")).draws
        assert {draw.place for draw in draws} == {0, 1}
        for draw in draws:
            assert draw.row == SILENCE or draw.row - 3 * draw.place in planned[draw.place]
            if draw.slot == 0:
                tally.count(draw.place, draw.probabilities, draw.row - 3 * draw.place if draw.row != SILENCE else -1)
    assert tally.p_value() > 1e-4
    assert [tally.situations[place].probabilities[-1] for place in (0, 1)] == [0.5, 0.25]


def test_the_number_is_that_of_the_slot() -> None:
    field = field_of(4, [0.3] * 4)
    (draw,) = fill_slots(field, [HOME], terms("d7"))
    assert pick(draw.probabilities, uniform("d7", "home", 0)) == (4 if draw.row == SILENCE else draw.row)
