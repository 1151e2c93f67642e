"""Sets of actions as ints, and what is left of them when stages have dropped some."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.rules.domain.indexed.kernel import machine_code
from services.rules.domain.indexed.members import mask_of, members_of, words_of
from services.rules.domain.indexed.units import Units
from services.rules.domain.rule_set import Stage


@given(st.sets(st.integers(0, 99)))
def test_a_mask_holds_exactly_its_members(indexes: set[int]) -> None:
    mask = mask_of(indexes, 100)
    assert mask == sum(1 << index for index in indexes)
    assert members_of(mask, 100).tolist() == sorted(indexes)


def test_no_action_and_no_members() -> None:
    assert (mask_of([], 0), members_of(0, 0).tolist()) == (0, [])


STAGES = (Stage.ELIGIBILITY, Stage.SUITABILITY)


@given(
    actions=st.integers(0, 130),
    treatments=st.integers(0, 70),
    fallen=st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 199)), max_size=400),
)
def test_a_unit_falls_at_its_first_stage_and_the_others_are_left(
    actions: int, treatments: int, fallen: list[tuple[Stage, int]]
) -> None:
    names = tuple(map(str, range(treatments)))
    units = Units(actions, names, np.zeros(treatments, np.int64), STAGES)
    of_stage = {stage: {unit for at, unit in fallen if at is stage and unit < units.count} for stage in STAGES}
    mask = sum(1 << bit for stage in STAGES for bit in units.bits(stage, tuple(of_stage[stage])))
    first = {STAGES[0]: of_stage[STAGES[0]], STAGES[1]: of_stage[STAGES[1]] - of_stage[STAGES[0]]}
    assert {stage: members_of(each, units.count).tolist() for stage, each in units.split(mask).items()} == {
        stage: sorted(each) for stage, each in first.items()
    }
    left, left_treatments, dropped = units.left(words_of(mask, units.width))
    expected = [unit for unit in range(units.count) if not any(unit in each for each in first.values())]
    assert [*left.tolist(), *(actions + place for place in left_treatments.tolist())] == expected
    assert all(action < actions for action in left.tolist())
    assert dropped == dict.fromkeys(Stage, 0) | {
        stage: sum(unit < actions for unit in each) for stage, each in first.items()
    }


def test_machine_code_is_made_where_it_cannot_be_kept() -> None:
    names: dict[str, Any] = {}
    exec("def doubled(number): return 2 * number", names)
    assert machine_code(names["doubled"])(21) == 42
