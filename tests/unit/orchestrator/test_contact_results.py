"""What came of a contact, whatever is told of it and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from services.orchestrator.app.contact_results import ContactResult, contact_results
from services.orchestrator.app.conversion_credits import credit_key, return_key
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.domain.outcome import Effect, Outcome
from tests.support.conversions import KEY, outcome

EURO = 1_000_000


def told(kind: Outcome, time_ms: int, revenue: int | None = None, key: str = "") -> CapturedOutcome:
    effects = {Outcome.CONVERTED: Effect.SUCCEEDED, Outcome.RETURNED: Effect.TAKEN_BACK}
    one = outcome(key or f"o_{kind.name}_{time_ms}", kind)
    return replace(one, effect=effects.get(kind, Effect.SHOWN), outcome_time_ms=time_ms, revenue=revenue)


def result(*outcomes: CapturedOutcome) -> ContactResult:
    return contact_results(outcomes)[KEY]


@pytest.mark.parametrize(
    ("back", "is_bought", "left"),
    [(None, False, 0), (10 * EURO, False, 0), (4 * EURO, True, 6 * EURO), (-4 * EURO, True, 6 * EURO)],
)
def test_what_came_back_in_part_is_bought_still_and_what_came_back_whole_is_not(
    back: int | None, is_bought: bool, left: int
) -> None:
    said = (told(Outcome.CONVERTED, 1, 10 * EURO), told(Outcome.RETURNED, 2, back))
    for order in permutations(said):
        found = result(*order)
        assert (found.told, found.told_revenue) == (is_bought, left)


def test_a_credit_that_was_taken_back_is_none_and_no_money_is_told_by_it() -> None:
    credits_ = [credit_key("c_1", name) for name in ("buy", "want")]
    earned = [told(Outcome.CONVERTED, 1, key=each) for each in credits_]
    assert result(*earned).credited == ("c_1",)
    one_back = [*earned, told(Outcome.RETURNED, 2, key=return_key(credits_[0]))]
    assert result(*one_back).credited == ("c_1",)
    both_back = [*one_back, told(Outcome.RETURNED, 2, key=return_key(credits_[1]))]
    assert result(*both_back).credited == ()
    assert (result(*both_back).told, result(*both_back).told_revenue) == (False, 0)
