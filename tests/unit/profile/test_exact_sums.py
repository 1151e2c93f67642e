"""Sums do not depend on the order of their addends, to the last bit."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.aggregates.exact import MAX_ADDEND, add_exactly, rounded

addends = st.floats(-MAX_ADDEND, MAX_ADDEND, allow_nan=False)


@given(st.lists(addends), st.lists(addends))
def test_a_sum_in_two_steps_is_the_exact_sum_rounded_once(first: list[float], second: list[float]) -> None:
    assert rounded(add_exactly(add_exactly((), first), second)) == math.fsum(first + second)


def test_small_addends_survive_between_large_ones() -> None:
    assert rounded(add_exactly((), [1e16, 1.0, -1e16, 1e-30])) == 1.0 + 1e-30


def test_a_sum_of_many_addends_takes_little_room() -> None:
    assert len(add_exactly((), [0.1 * index for index in range(10_000)])) <= 40
