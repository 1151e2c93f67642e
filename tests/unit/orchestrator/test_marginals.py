"""The probability of each candidate at each position of a slate, over all that could have filled the slots before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind, Exploring
from services.orchestrator.domain.arbitration.explore import explore
from services.orchestrator.domain.arbitration.marginals import marginals
from services.orchestrator.domain.arbitration.slate_states import Known, Lump
from services.orchestrator.domain.arbitration.slate_vectors import Closing, SlateVectors
from services.orchestrator.domain.arbitration.slots import ContactRoom, Field, SlotPlan, Terms, fill_slots
from services.orchestrator.domain.arbitration.succession import Succession
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import Shape, exploring, random_field
from tests.support.slates import Column, Enumerated, distance, total

NONE, THOMPSON, WEIGHTED = ExplorationKind
UNBOUNDED = 10**9

KINDS = {
    "Thompson": ((Exploration(THOMPSON),), 1.0, 1.0),
    "Thompson with a floor": ((Exploration(THOMPSON, floor=0.05),), 1.0, 1.0),
    "Thompson with a budget": ((Exploration(THOMPSON),), 1.0, 0.2),
    "inverse gap weighting": ((Exploration(WEIGHTED, 30.0),), 1.0, 1.0),
    "inverse gap weighting with a floor": ((Exploration(WEIGHTED, 500.0, 0.05),), 1.0, 1.0),
    "none": ((Exploration(NONE),), 1.0, 1.0),
    "groups that differ, one in three regulated": (
        (Exploration(THOMPSON), Exploration(WEIGHTED, 100.0, 0.01), Exploration(NONE)),
        0.67,
        0.5,
    ),
}
"""Explorations, the share that explores, the budget."""


@dataclass(frozen=True, slots=True)
class Slate:
    """What competes: the same candidates in every place, each second action with two rows."""

    counts: Sequence[int] = (3,)
    size: int = 5
    reserve: float = 0.03
    across: bool = True
    room: tuple[int, ...] = ()
    """Of contact counters: row r is counted by r modulo their number, and one for all."""

    def vectors(self, kind: str, seed: int = 3) -> SlateVectors:
        explorations, share, budget = KINDS[kind]
        worth, beliefs = random_field(Shape(self.size, exploring=share, log_odds=-2.0), seed)
        rows = np.tile(np.arange(self.size), len(self.counts))
        action = (rows - (rows % 4 == 1)).astype(np.int32)
        declared = (rows % len(explorations)).astype(np.int32)
        of_rows = Exploring(explorations, declared, np.zeros(rows.size, dtype=np.int32), np.array([budget]))
        starts = np.arange(len(self.counts) + 1, dtype=np.intp) * self.size
        field = Field(starts, action, worth.take(rows), beliefs.take(rows), of_rows, self._contacts(rows.size))
        plans = [SlotPlan(f"place_{number}", count) for number, count in enumerate(self.counts)]
        return SlateVectors(field, plans, Terms("d1", self.reserve, self.across))

    def _contacts(self, rows: int) -> ContactRoom | None:
        if not self.room:
            return None
        last = len(self.room) - 1
        counter = [[row % last if last else 0, last] for row in range(rows)]
        return ContactRoom(np.array(counter, dtype=np.int32), np.array([*self.room, 2**40], dtype=np.int64))


SLATES = {
    "one place": Slate(),
    "one place that is often silent": Slate(reserve=0.25),
    "more slots than actions": Slate(counts=(5,), size=4),
    "two places without repetition": Slate(counts=(2, 2), size=4),
    "two places that may repeat": Slate(counts=(2, 1), across=False),
    "three places of one slot": Slate(counts=(1, 1, 1), reserve=0.1),
    "contact limits": Slate(counts=(2, 2), size=4, room=(1, 2, 3)),
    "contact limits and repetition": Slate(counts=(2, 2), size=4, across=False, room=(2, 2, 3)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slate", SLATES)
def test_they_are_what_going_through_every_sequence_gives(slate: str, kind: str) -> None:
    vectors = SLATES[slate].vectors(kind)
    enumerated = Enumerated(vectors)
    told = {(each.place, each.slot): each for each in marginals(vectors)}
    for at, shares in enumerated.shares.items():
        if at in told:
            assert told[at].error < 1e-5
            assert told[at].probabilities == pytest.approx(shares, abs=1e-5)
            assert told[at].undrawn == pytest.approx(1.0 - shares.sum(), abs=1e-5)
        else:
            assert shares.sum() < 1e-5


def test_what_the_ledger_refused_is_out_from_its_slot_on() -> None:
    whole = SLATES["two places without repetition"].vectors("Thompson")
    closed = np.arange(8) % 4 == 2
    vectors = replace(whole, closings=(Closing(0, 1, closed), Closing(1, 0, closed | (np.arange(8) == 7))))
    enumerated = Enumerated(vectors)
    for each in marginals(vectors):
        assert each.probabilities == pytest.approx(enumerated.shares[each.place, each.slot], abs=1e-5)
    first, second, third = marginals(vectors)
    assert first.probabilities[2] > 0.0 == second.probabilities[2]
    assert second.probabilities[3] > 0.0 == third.probabilities[3]


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_single_slot_they_are_its_vector(kind: str) -> None:
    vectors = Slate(counts=(1,), size=30).vectors(kind)
    (only,) = marginals(vectors)
    (draw,) = fill_slots(vectors.field, vectors.plans, vectors.terms)
    assert np.array_equal(only.probabilities, draw.probabilities)
    assert only.undrawn == 0.0
    assert only.error < 1e-12


@given(st.sampled_from(list(KINDS)), st.sampled_from(list(SLATES)), st.integers(0, 300), st.integers(0, 3_000))
def test_of_every_slot_all_sums_to_one_within_the_error(kind: str, slate: str, seed: int, budget: int) -> None:
    for each in marginals(SLATES[slate].vectors(kind, seed), budget):
        assert (each.probabilities >= 0.0).all()
        assert 0.0 <= each.error <= 1.0
        assert 1.0 - each.error - 1e-9 <= total(each) <= 1.0 + each.error + 1e-9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slate", [Slate(size=40), Slate((2, 1), 30), Slate((1, 1, 1), 30, 0.1), Slate((4,), 8)])
def test_the_error_holds_whatever_the_budget(slate: Slate, kind: str) -> None:
    vectors = slate.vectors(kind)
    exact = {(each.place, each.slot): each for each in marginals(vectors, UNBOUNDED)}
    assert all(each.error < 1e-5 for each in exact.values())
    errors = []
    for budget in (300, 1_000, 3_000):
        told = list(marginals(vectors, budget))
        for each in told:
            assert distance(each, exact[each.place, each.slot].probabilities) <= each.error + 1e-5
        errors.append(told[-1].error if len(told) == len(exact) else 1.0)
    assert errors[2] <= errors[0]


def test_without_a_budget_the_first_slot_is_told() -> None:
    vectors = Slate(size=40).vectors("Thompson")
    (only,) = marginals(vectors, 0)
    assert only.probabilities.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["Thompson", "inverse gap weighting", "none"])
@pytest.mark.parametrize("slate", [Slate(size=300), Slate((1, 1, 1), 300)])
def test_of_many_candidates_enough_is_known(slate: Slate, kind: str) -> None:
    """A tenth of the first slots can be looked at, and hardly any pair."""
    first, second, third = marginals(slate.vectors(kind), 12_000)
    assert (first.error < 1e-9, second.error < 0.05, third.error < 0.25) == (True, True, True)


@given(
    st.sampled_from(["Thompson", "Thompson with a floor", "inverse gap weighting", "none"]),
    st.integers(4, 14),
    st.integers(0, 500),
    st.data(),
)
def test_a_vector_says_of_the_next_what_is_true(kind: str, size: int, seed: int, data: st.DataObject) -> None:
    vectors = Slate(counts=(1,), size=size).vectors(kind, seed)
    field, reserve = vectors.field, vectors.terms.reserve
    out = data.draw(st.sets(st.sampled_from(sorted(set(field.action.tolist()))), min_size=1, max_size=3))
    rows = np.flatnonzero(~np.isin(field.action, list(out)))
    succession = Succession.of(field, 0, reserve)
    assert succession is not None
    spread = explore(Contenders.of(field.worth, field.beliefs, reserve), field.exploring)
    heirs = (
        succession.heirs(spread.probabilities, len(out), len(out)) if succession.begins_with(spread.explored) else None
    )
    if heirs is None or not rows.size or set(field.action[heirs.pivots].tolist()) & out:
        return
    true = vector_of(field, rows.tolist(), reserve)
    least = heirs.least[np.append(rows, size)]
    assert np.maximum(least - true, 0.0).sum() <= heirs.error + 1e-9


def five(reserve: float) -> tuple[Field, Succession, Column]:
    """Five candidates of which the second is worth most, how their vectors are inherited, and the first of these."""
    worth = Worth(np.array([9.0, 8.0, 7.0, 6.0, 5.0]), np.zeros(5))
    probability = np.array([0.1, 0.2, 0.15, 0.15, 0.1])
    beliefs = Beliefs(probability, probability, np.ones(5), np.ones(5, dtype=np.bool_))
    field = Field(
        np.array([0, 5]), np.arange(5, dtype=np.int32), worth, beliefs, exploring(5, Exploration(WEIGHTED, 9))
    )
    succession = Succession.of(field, 0, reserve)
    assert succession is not None
    return field, succession, vector_of(field, [0, 1, 2, 3, 4], reserve)


def vector_of(field: Field, left: Sequence[int], reserve: float) -> Column:
    rows = np.array(left)
    among = Contenders.of(field.worth.take(rows), field.beliefs.take(rows), reserve)
    return explore(among, field.exploring.take(rows)).probabilities


def test_inverse_gap_weighting_hands_down_exactly_what_others_have_than_the_incumbent() -> None:
    """As long as neither that is out, nor the best or worst reward."""
    field, succession, before = five(reserve=0.1)
    after = vector_of(field, [0, 1, 2, 4], 0.1)
    heirs = succession.heirs(before, 1, 1)
    assert heirs is not None
    assert heirs.least[[0, 2, 4, 5]] == pytest.approx(after[[0, 2, 3, 4]])
    assert 0.0 < heirs.least[1] < after[1]
    assert heirs.pivots.tolist() == [0, 0]
    halved = Lump(0.5, np.array([0.2, 0.0, 0.0, 0.3, 0.0]), Known(before, succession))
    assert halved.drawn(np.arange(5)).probabilities == pytest.approx([0.1, 0.3, 0.3, 0.0, 0.3, 0.3] * heirs.least)


def test_silence_that_takes_the_place_of_the_incumbent_is_a_contender_more() -> None:
    field, succession, before = five(reserve=1.2)
    after = vector_of(field, [0, 2, 3, 4], 1.2)
    heirs = succession.heirs(before, 1, 1)
    assert heirs is not None
    assert after[-1] == after.max()
    assert (heirs.least[[0, 2, 3, 4, 5]] <= after).all()


@pytest.mark.parametrize("kind", ["Thompson with a budget", "groups that differ, one in three regulated"])
def test_where_something_else_shapes_vectors_they_say_nothing_of_one_another(kind: str) -> None:
    vectors = Slate().vectors(kind)
    assert Succession.of(vectors.field, 0, 0.0) is None
