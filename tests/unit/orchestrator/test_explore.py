"""The vector of a slot, whoever explores: who is in play, the floor, the budget, and what is recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.contenders import Contenders
from services.orchestrator.domain.arbitration.exploration import Exploration, ExplorationKind, Exploring
from services.orchestrator.domain.arbitration.explore import Explored, Spread, explore
from services.orchestrator.domain.arbitration.worth import Worth
from tests.support.arbitration import Shape, exploring, random_field

NONE, THOMPSON, WEIGHTED = ExplorationKind

EXPLORATIONS = st.builds(
    lambda kind, gamma, floor: Exploration(kind, gamma if kind is WEIGHTED else 0.0, 0.0 if kind is NONE else floor),
    st.sampled_from(ExplorationKind),
    st.sampled_from([0.0, 1.0, 30.0, 500.0, 1e6]),
    st.sampled_from([0.0, 0.001, 0.01, 0.2, 1.0]),
)


@dataclass(frozen=True, slots=True)
class Case:
    contenders: Contenders
    exploring: Exploring

    @property
    def spread(self) -> Spread:
        return explore(self.contenders, self.exploring)

    @property
    def exploration(self) -> Exploration:
        """That holds for the slot."""
        field = self.contenders
        return self.exploring.table[0 if field.is_silent else self.exploring.declared[field.incumbent]]


WHOLE = st.just(1.0)


@st.composite
def cases(draw: st.DrawFn, budgets: st.SearchStrategy[float] = WHOLE) -> Case:
    size = draw(st.integers(0, 25))
    worth, beliefs = random_field(
        Shape(size, exploring=draw(st.sampled_from([0.0, 0.5, 1.0])), negative=0.1), draw(st.integers(0, 9_999))
    )
    rng = np.random.default_rng(draw(st.integers(0, 9_999)))
    table = draw(st.lists(EXPLORATIONS, min_size=1, max_size=3))
    channels = draw(st.integers(1, 3))
    budget = draw(st.lists(budgets, min_size=channels, max_size=channels))
    exploring = Exploring(
        table,
        rng.integers(0, len(table), size, dtype=np.int32),
        rng.integers(0, channels, size, dtype=np.int32),
        np.array(budget),
    )
    reserve = draw(st.sampled_from([-1e9, 0.0, 0.05, 0.3, 5.0]))
    return Case(Contenders.of(worth, beliefs, reserve), exploring)


SHARES = st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.0)


@given(cases(SHARES))
def test_a_vector_has_no_negative_entry_and_sums_to_one(case: Case) -> None:
    probabilities = case.spread.probabilities
    assert probabilities.shape == (case.contenders.size + 1,)
    assert (probabilities >= 0.0).all()
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-12)


@given(cases())
def test_everyone_who_explores_has_at_least_the_floor_or_an_equal_share(case: Case) -> None:
    explores = case.contenders.beliefs.explores
    if case.exploration.kind is NONE or not explores.any():
        return
    fitting = min(case.exploration.floor, 1.0 / explores.sum())
    assert case.spread.explored.floor == fitting
    assert (case.spread.probabilities[:-1][explores] >= fitting - 1e-12).all()


@given(cases(SHARES))
def test_who_does_not_explore_has_a_slot_only_as_its_incumbent(case: Case) -> None:
    others = ~case.contenders.beliefs.explores
    if not case.contenders.is_silent:
        others[case.contenders.incumbent] = False
    assert (case.spread.probabilities[:-1][others] == 0.0).all()


@given(cases(SHARES))
def test_what_is_not_the_best_keeps_to_the_budget(case: Case) -> None:
    field, channel = case.contenders, case.exploring.channel
    departures = case.spread.probabilities.copy()
    departures[field.incumbent] = 0.0
    playing = field.in_play()
    assert departures.sum() <= case.exploring.budget[channel[playing]].max(initial=0.0) + 1e-12
    for index, budget in enumerate(case.exploring.budget):
        assert departures[:-1][channel == index].sum() <= budget + 1e-12


@given(cases(SHARES))
def test_bounds_are_recorded_exactly_where_they_changed_something(case: Case) -> None:
    spread = case.spread
    without_budget = explore(case.contenders, replace(case.exploring, budget=np.ones(case.exploring.budget.size)))
    table = [replace(each, floor=0.0) for each in case.exploring.table]
    without_floor = explore(
        case.contenders, replace(case.exploring, table=table, budget=np.ones(case.exploring.budget.size))
    )
    assert spread.explored.budget_binds == (not np.array_equal(spread.probabilities, without_budget.probabilities))
    assert spread.explored.floor_binds == (
        not np.array_equal(without_budget.probabilities, without_floor.probabilities)
    )
    assert spread.explored.exploration == case.exploration


@given(cases(SHARES))
def test_what_does_not_explore_and_is_not_the_best_might_as_well_not_be_there(case: Case) -> None:
    field = case.contenders
    rows = np.flatnonzero(field.in_play())
    fewer = Contenders.of(field.worth.take(rows), field.beliefs.take(rows), field.reserve)
    alone = explore(fewer, case.exploring.take(rows)).probabilities
    assert case.spread.probabilities[np.append(rows, field.size)] == pytest.approx(alone, abs=1e-15)


def field(priority: list[float], explores: list[bool], *, reserve: float = 0.0, deviation: float = 1.0) -> Contenders:
    """Candidates of propensity one half."""
    size = len(priority)
    beliefs = Beliefs(
        expit(np.zeros(size)), np.zeros(size), np.full(size, deviation), np.array(explores, dtype=np.bool_)
    )
    return Contenders.of(Worth(np.array(priority) * 2.0, np.zeros(size)), beliefs, reserve)


def declared(*of_row: Exploration, arbitration: Exploration | None = None) -> Exploring:
    size = len(of_row)
    table = (arbitration or Exploration(), *of_row)
    return Exploring(table, np.arange(1, size + 1, dtype=np.int32), np.zeros(size, dtype=np.int32), np.ones(1))


def test_the_incumbent_says_how_its_slot_is_explored() -> None:
    sharp, none = Exploration(WEIGHTED, 100.0), Exploration(NONE)
    leads = explore(field([2.0, 1.0], [True, True]), declared(sharp, none))
    assert leads.probabilities.tolist() == pytest.approx([1 - 1 / 27, 1 / 27, 0.0])
    follows = explore(field([1.0, 2.0], [True, False]), declared(sharp, none))
    assert follows.probabilities.tolist() == [0.0, 1.0, 0.0]
    assert (leads.explored, follows.explored) == (Explored(sharp), Explored(none))


def test_silence_that_leads_is_explored_as_the_arbitration_says() -> None:
    contenders = field([2.0, 1.0], [True, True], reserve=3.0)
    weighted, none = Exploration(WEIGHTED, 0.0), Exploration(NONE)
    assert explore(contenders, declared(weighted, weighted, arbitration=none)).probabilities.tolist() == [0, 0, 1]
    assert explore(contenders, declared(none, none, arbitration=weighted)).probabilities == pytest.approx([1 / 3] * 3)


def test_a_regulated_second_gets_nothing_when_the_first_is_drawn_low() -> None:
    probabilities = explore(field([2.0, 1.9], [True, False], reserve=1.0), exploring(2)).probabilities
    assert probabilities[1] == 0.0
    assert probabilities[2] > 0.1


def test_a_regulated_first_may_be_challenged() -> None:
    probabilities = explore(field([2.0, 1.9], [False, True]), exploring(2)).probabilities
    assert probabilities[0] == pytest.approx(0.5, abs=0.1)
    assert probabilities[1] == pytest.approx(0.5, abs=0.1)


def test_floors_shrink_what_is_above_them_by_one_factor() -> None:
    spread = explore(field([2.0, 1.0, 1.0], [True] * 3), exploring(3, Exploration(WEIGHTED, 1e6, 0.1)))
    assert spread.probabilities.tolist() == pytest.approx([0.8, 0.1, 0.1, 0.0], abs=1e-5)
    assert spread.explored == Explored(Exploration(WEIGHTED, 1e6, 0.1), 0.1, floor_binds=True)


def test_too_many_floors_are_equal_shares() -> None:
    spread = explore(field([2.0, 1.0, 1.0, 1.0], [True] * 4), exploring(4, Exploration(WEIGHTED, 1e6, 0.5)))
    assert spread.probabilities.tolist() == pytest.approx([0.25] * 4 + [0.0])
    assert spread.explored.floor == 0.25


def test_a_floor_that_all_exceed_changes_nothing() -> None:
    plain = explore(field([2.0, 1.0], [True] * 2), exploring(2, Exploration(WEIGHTED, 10.0)))
    floored = explore(field([2.0, 1.0], [True] * 2), exploring(2, Exploration(WEIGHTED, 10.0, 0.05)))
    assert floored.probabilities.tolist() == plain.probabilities.tolist()
    assert floored.explored == Explored(Exploration(WEIGHTED, 10.0, 0.05), 0.05)


def test_a_budget_mixes_the_vector_with_the_best() -> None:
    wanted = exploring(3, Exploration(WEIGHTED, 0.0), budget=0.1)
    spread = explore(field([2.0, 1.0, 1.0], [True] * 3), wanted)
    assert spread.probabilities.tolist() == pytest.approx([0.9, 0.05, 0.05, 0.0])
    assert spread.explored.budget_binds


def test_a_budget_of_nothing_leaves_the_best() -> None:
    for kind in ExplorationKind:
        spread = explore(field([1.0, 2.0, 1.0], [True] * 3), exploring(3, Exploration(kind), budget=0.0))
        assert spread.probabilities.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_silence_that_leads_keeps_its_part_of_the_budget() -> None:
    wanted = exploring(2, Exploration(WEIGHTED, 0.0), budget=0.1)
    spread = explore(field([2.0, 1.0], [True] * 2, reserve=3.0), wanted)
    assert spread.probabilities.tolist() == pytest.approx([0.05, 0.05, 0.9])


def test_channels_of_one_slot_keep_their_own_budgets() -> None:
    """Four equals: the second shares the channel of the best, which has a budget; the others are on one without."""
    wanted = Exploring(
        (Exploration(WEIGHTED, 0.0),),
        np.zeros(4, dtype=np.int32),
        np.array([0, 0, 1, 1], dtype=np.int32),
        np.array([0.05, 1.0]),
    )
    spread = explore(field([1.0] * 4, [True] * 4), wanted)
    assert spread.probabilities.tolist() == pytest.approx([0.45, 0.05, 0.25, 0.25, 0.0])


def test_the_budget_goes_before_the_floor() -> None:
    wanted = exploring(3, Exploration(THOMPSON, 0.0, 0.3), budget=0.1)
    spread = explore(field([9.0, 1.0, 1.0], [True] * 3, deviation=0.1), wanted)
    assert spread.probabilities.tolist() == pytest.approx([0.9, 0.05, 0.05, 0.0], abs=1e-6)
    assert spread.explored == Explored(wanted.table[0], 0.3, floor_binds=True, budget_binds=True)


def test_of_equals_the_first_declared_is_the_incumbent() -> None:
    spread = explore(field([1.0, 2.0, 2.0], [True] * 3, reserve=2.0), exploring(3, Exploration(NONE)))
    assert spread.probabilities.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_where_nothing_was_learnt_nothing_is_explored() -> None:
    wanted = exploring(2, Exploration(WEIGHTED, 0.0, 0.2)).without_exploration()
    spread = explore(field([2.0, 1.0], [True] * 2), wanted)
    assert spread.probabilities.tolist() == [1.0, 0.0, 0.0]
    assert spread.explored == Explored(Exploration(NONE))
