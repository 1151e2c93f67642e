"""Budgets as the state of a simulation: a person of a sample uses as much as all whom it stands for, and no more than
there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord, SlotVector
from services.orchestrator.app.diff.sampled_volume import SampledVolume, lost
from services.orchestrator.domain.volume.resources import MILLIONTHS, Pacing, Resource, ResourceKind, VolumeTable
from services.orchestrator.domain.volume.standing import ResourceStanding
from tests.support.decisions import record

UNIT = MILLIONTHS
STOCK = Resource("stock", ResourceKind.STOCK, 0, Pacing.ASAP)
BUDGET = Resource("budget", ResourceKind.BUDGET, 0, Pacing.ASAP)
TABLE = VolumeTable((STOCK, BUDGET), np.array([[UNIT, 0], [UNIT, UNIT // 500], [0, 0]], dtype=np.int64))
"""Three options: a piece; a piece and 0.002 of money; nothing."""


def volume(stock: float, budget: float, weight: float) -> SampledVolume:
    left = (("stock", stock), ("budget", budget))
    standing = [ResourceStanding(name, 0, round(amount * UNIT), 0.0) for name, amount in left]
    return SampledVolume(TABLE, standing, weight)


def decided(*slots: tuple[float, float, float]) -> DecisionRecord:
    """Chances of the three options in each slot; the rest is silence."""
    numbers = (np.zeros(3),) * 6
    columns = CandidateColumns(np.array([0, 3], dtype=np.int64), np.arange(3, dtype=np.int32), *numbers)
    vectors = (SlotVector(0, index, -1, np.array([*own, 1.0 - sum(own)])) for index, own in enumerate(slots))
    return replace(record(), candidates=columns, slots=tuple(vectors))


def chances(made: DecisionRecord) -> list[list[float]]:
    return [each.probabilities.tolist() for each in made.slots]


def test_a_person_uses_as_much_as_all_whom_it_stands_for_and_the_last_one_is_partial() -> None:
    left = volume(stock=12, budget=1, weight=5.0)
    made = [left.granted(decided((1.0, 0.0, 0.0))) for _ in range(4)]
    assert [chances(each)[0][0] for each in made] == pytest.approx([1.0, 1.0, 0.4, 0.0])
    assert [chances(each)[0][3] for each in made] == pytest.approx([0.0, 0.0, 0.6, 1.0]), "the rest is silence"
    assert left.used == {"stock": 12 * UNIT}


def test_what_lacks_one_resource_takes_nothing_of_the_other() -> None:
    left = volume(stock=100, budget=0.001, weight=1.0)
    assert chances(left.granted(decided((0.0, 1.0, 0.0))))[0] == pytest.approx([0.0, 0.5, 0.0, 0.5])
    assert left.used == {"stock": UNIT // 2, "budget": UNIT // 1_000}
    assert chances(left.granted(decided((0.0, 0.0, 1.0))))[0] == [0.0, 0.0, 1.0, 0.0], "who uses nothing lacks nothing"


def test_an_option_is_short_once_there_is_less_than_one_contact_uses() -> None:
    left = volume(stock=1, budget=1, weight=1.0)
    assert not left.short().any()
    left.granted(decided((0.5, 0.0, 0.0)))
    assert left.short().tolist() == [[True, False], [True, False], [False, False]]


def test_every_slot_of_a_decision_takes_its_own() -> None:
    left = volume(stock=3, budget=1, weight=2.0)
    made = left.granted(decided((1.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    assert [each[0] for each in chances(made)] == pytest.approx([1.0, 0.5])
    assert left.used == {"stock": 3 * UNIT}


def test_what_was_lost_is_drawn_as_what_comes_next() -> None:
    left = volume(stock=2, budget=1, weight=4.0)
    made = decided((0.8, 0.0, 0.1))
    granted = left.granted(made)
    missing = lost(made, granted)
    assert missing == pytest.approx([0.3])
    filled = left.filled(granted, decided((0.0, 0.0, 0.9)), missing)
    assert chances(filled)[0] == pytest.approx([0.5, 0.0, 0.1 + 0.3 * 0.9, 0.1 + 0.3 * 0.1])
    assert left.used == {"stock": 2 * UNIT}


def test_what_comes_next_is_found_by_its_option_wherever_it_stood() -> None:
    """What is short no longer competes, so the others move up."""
    left = volume(stock=2, budget=1, weight=4.0)
    granted = left.granted(made := decided((1.0, 0.0, 0.0)))
    of_two = replace(
        record(),
        candidates=CandidateColumns(np.array([0, 2]), np.array([1, 2], dtype=np.int32), *((np.zeros(2),) * 6)),
        slots=(SlotVector(0, 0, -1, np.array([0.0, 0.75, 0.25])),),
    )
    assert chances(left.filled(granted, of_two, lost(made, granted)))[0] == pytest.approx([0.5, 0.0, 0.375, 0.125])


def test_what_comes_next_takes_no_more_than_there_is_either() -> None:
    left = volume(stock=2, budget=0.0, weight=4.0)
    made = decided((1.0, 0.0, 0.0))
    granted = left.granted(made)
    filled = left.filled(granted, decided((0.0, 1.0, 0.0)), lost(made, granted))
    assert chances(filled)[0] == pytest.approx([0.5, 0.0, 0.0, 0.5])
    assert left.used == {"stock": 2 * UNIT}


def test_without_resources_nothing_changes() -> None:
    made = decided((0.3, 0.3, 0.3))
    none = SampledVolume(VolumeTable((), np.zeros((3, 0), dtype=np.int64)), (), 7.0)
    assert none.granted(made) is made
    assert not none.short().any()


@given(
    st.lists(st.tuples(*(st.floats(0, 1 / 3),) * 3), min_size=1, max_size=30),
    st.floats(0, 20),
    st.floats(0, 0.02),
    st.floats(1, 1_000),
)
def test_never_more_than_there_is_and_never_more_than_was_drawn(
    drawn: list[tuple[float, float, float]], stock: float, budget: float, weight: float
) -> None:
    left = volume(stock, budget, weight)
    for own in drawn:
        before = decided(own)
        after = left.granted(before)
        assert (after.slots[0].probabilities[:-1] <= before.slots[0].probabilities[:-1]).all()
        assert after.slots[0].probabilities.sum() == pytest.approx(1.0)
    assert 0 <= left.used["stock"] <= round(stock * UNIT)
    assert 0 <= left.used["budget"] <= round(budget * UNIT)
