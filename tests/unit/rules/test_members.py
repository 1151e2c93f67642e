"""Sets of actions as ints."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.rules.domain.indexed.members import mask_of, members_of


@given(st.sets(st.integers(0, 99)))
def test_a_mask_holds_exactly_its_members(indexes: set[int]) -> None:
    mask = mask_of(indexes, 100)
    assert mask == sum(1 << index for index in indexes)
    assert members_of(mask, 100).tolist() == sorted(indexes)


def test_no_action_and_no_members() -> None:
    assert (mask_of([], 0), members_of(0, 0).tolist()) == (0, [])
