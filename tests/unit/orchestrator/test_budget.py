"""How the time of a decision is shared: nobody can use up another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.app.decide import budget as shares
from services.orchestrator.app.decide.budget import Budget
from shared.errors import DeadlineExceeded
from tests.support.volume import NOW, Ticking

ASKED = (
    shares.POLICY_SHARE,
    shares.PROFILE_SHARE,
    shares.STORE_SHARE,
    shares.STORE_SHARE,
    shares.STORE_SHARE,
    shares.RULES_SHARE,
    shares.SCORING_SHARE,
    shares.VOLUME_SHARE,
    shares.LEDGER_SHARE,
)
"""In their order, every look at a store among them."""


@given(left_ms=st.integers(0, 60_000), used=st.lists(st.floats(0, 1), min_size=len(ASKED), max_size=len(ASKED)))
def test_whoever_uses_all_of_a_share_leaves_time_for_the_others(left_ms: int, used: list[float]) -> None:
    clock = Ticking()
    budget = Budget.starting_now(NOW + left_ms, 60_000, clock)
    for part, own in zip(ASKED, used, strict=True):
        before_ms = budget.end_ms - clock.now_ms
        until_ms = budget.share(part)
        assert clock.now_ms <= until_ms <= clock.now_ms + before_ms * part
        clock.now_ms += int((until_ms - clock.now_ms) * own)
    assert budget.end_ms - clock.now_ms >= left_ms * shares_left()


def shares_left() -> float:
    left = 1.0
    for part in ASKED:
        left *= 1 - part
    return left


def test_a_decision_takes_no_longer_than_it_may_whatever_the_caller_waits() -> None:
    assert Budget.starting_now(NOW + 60_000, 2_000, Ticking()).end_ms == NOW + 2_000
    assert Budget.starting_now(None, 2_000, Ticking()).end_ms == NOW + 2_000
    assert Budget.starting_now(NOW + 100, 2_000, Ticking()).end_ms == NOW + 100


async def test_when_nothing_is_left_nobody_is_asked() -> None:
    budget = Budget.starting_now(NOW - 1, 2_000, Ticking())
    assert budget.share(1.0) == NOW
    with pytest.raises(DeadlineExceeded):
        async with budget.within(1.0):
            raise AssertionError("nobody is asked")
