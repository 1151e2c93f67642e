"""Slots under contact limits: what has no room is not drawn, and what the ledger refused is drawn again exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration.slots import (
    SILENCE,
    ContactRoom,
    Field,
    SlotDraw,
    SlotPlan,
    Standing,
    Terms,
    fill_slots,
)
from tests.support.arbitration import Shape, exploring, random_field


def field_of(counters: Sequence[Sequence[int]], room: Sequence[int], *, seed: int = 1, places: int = 1) -> Field:
    """Rows under the counters of each limit, all of them in every place."""
    size = len(counters)
    worth, beliefs = random_field(Shape(size), seed)
    rows = np.tile(np.arange(size), places)
    endless = len(room)
    counter = np.array([[endless if each < 0 else each for each in row] for row in counters], dtype=np.int32)
    contacts = ContactRoom(counter[rows], np.array([*room, 2**40], dtype=np.int64))
    starts = np.arange(places + 1, dtype=np.intp) * size
    return Field(starts, rows.astype(np.int32), worth.take(rows), beliefs.take(rows), exploring(rows.size), contacts)


def terms(decision_id: str = "d1") -> Terms:
    return Terms(decision_id, -1e9, across_placements=True)


def chosen(draws: Sequence[SlotDraw]) -> list[int]:
    return [draw.row for draw in draws if draw.row != SILENCE]


def test_slots_end_when_the_limit_is_full() -> None:
    field = field_of([[0], [0], [0], [-1]], [2])
    draws = fill_slots(field, [SlotPlan("home", 4)], terms())
    assert len(chosen(draws)) == 3
    assert sum(row != 3 for row in chosen(draws)) == 2


def test_places_share_the_room() -> None:
    field = field_of([[0], [0], [0], [0]], [3], places=2)
    draws = fill_slots(field, [SlotPlan("home", 2), SlotPlan("side", 2)], terms())
    assert [draw.place for draw in draws] == [0, 0, 1]


@given(st.integers(0, 300), st.lists(st.integers(0, 3), min_size=3, max_size=3), st.data())
def test_no_counter_is_ever_taken_more_often_than_it_has_room(seed: int, room: list[int], data: st.DataObject) -> None:
    rows = st.lists(st.lists(st.integers(-1, 2), min_size=2, max_size=2, unique=True), min_size=1, max_size=8)
    counters = data.draw(rows)
    field = field_of(counters, room, seed=seed)
    taken = [counter for row in chosen(fill_slots(field, [SlotPlan("home", 8)], terms())) for counter in counters[row]]
    assert all(taken.count(counter) <= room[counter] for counter in range(3))


@given(st.integers(2, 10), st.integers(0, 300), st.data())
def test_without_room_a_row_is_as_if_it_were_not_there(size: int, seed: int, data: st.DataObject) -> None:
    full = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1))
    field = field_of([[0 if row in full else -1] for row in range(size)], [0], seed=seed)
    rows = np.array([row for row in range(size) if row not in full])
    fewer = Field(
        np.array([0, rows.size], dtype=np.intp),
        rows.astype(np.int32),
        field.worth.take(rows),
        field.beliefs.take(rows),
        exploring(rows.size),
    )
    (draw,) = fill_slots(field, [SlotPlan("home", 1)], terms())
    (alone,) = fill_slots(fewer, [SlotPlan("home", 1)], terms())
    assert draw.probabilities[rows] == pytest.approx(alone.probabilities[:-1], abs=0.0)
    assert draw.probabilities.sum() == pytest.approx(1.0)
    assert draw.row == rows[alone.row]


@given(st.integers(3, 8), st.integers(0, 300), st.data())
def test_what_stands_stays_and_the_rest_is_drawn_given_it(size: int, seed: int, data: st.DataObject) -> None:
    field = field_of([[-1]] * size, [], seed=seed)
    before = fill_slots(field, [SlotPlan("home", size)], terms())
    stop = data.draw(st.integers(0, size - 1))
    closed = np.zeros(size, dtype=np.bool_)
    closed[before[stop].row] = True
    after = fill_slots(field, [SlotPlan("home", size)], terms(), Standing(before[:stop], closed, 1))
    assert after[:stop] == before[:stop]
    assert before[stop].row not in chosen(after)
    assert sorted(chosen(after)) == sorted(set(range(size)) - {before[stop].row})
    assert [draw.refusals for draw in after] == [0] * stop + [1] * (size - 1 - stop)


def test_after_a_refusal_rows_come_as_often_as_the_recorded_probabilities_say() -> None:
    """The number that drew what was refused says something about itself; the one after it must not."""
    field = field_of([[-1]] * 4, [], seed=3)
    refused = int(fill_slots(field, [SlotPlan("home", 1)], terms())[0].probabilities[:-1].argmax())
    closed = np.arange(4) == refused
    picks, vector = [], np.zeros(5)
    for index in range(6_000):
        (first,) = fill_slots(field, [SlotPlan("home", 1)], terms(f"d{index}"))
        if first.row == refused:
            (second,) = fill_slots(field, [SlotPlan("home", 1)], terms(f"d{index}"), Standing((), closed, 1))
            picks.append(second.row)
            vector = second.probabilities
    assert len(picks) > 1_000
    shares = np.bincount(picks, minlength=4) / len(picks)
    assert shares == pytest.approx(vector[:-1], abs=4.0 * 0.5 / len(picks) ** 0.5)
