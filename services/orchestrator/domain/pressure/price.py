"""What one more contact costs a person later, in money.

A contact of weight 1 raises the level by 2^(−s / half_life) a time s later. At the person's pace, this contact among
them, `next` contacts follow, counted by what is left of this one. They respond that much less often and unsubscribe
that much more often; and this contact itself may make somebody unsubscribe who is under pressure already:

    next  = (rate + 1 / window) × ∫ 2^(−s / half_life) ds
    price = certainty × max(0, − response_slope × next × mean_value
                               + unsubscribe_slope × (level + next) × unsubscribe_value)

The shadow price of a stock that wears off: Nerlove and Arrow (1962), "Optimal advertising policy under dynamic
conditions", Economica 29(114), with the goodwill that contacts build turned into the patience that they use up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.pressure.estimate import PressureEstimate
from services.orchestrator.domain.pressure.gaps import GapStanding, gap_at, gap_deviation
from services.orchestrator.domain.pressure.level import PastTouch, level_of, memory_ms, rate_of
from services.orchestrator.domain.pressure.plan import PressurePlan


@dataclass(frozen=True, slots=True)
class PressureStanding:
    """Of a person at a moment. `rate`: weight of contacts per millisecond. `deviation`: of the level, by the draws of
    gaps alone. `price`: money per unit of channel weight, never below 0."""

    level: float
    rate: float
    deviation: float
    gap: GapStanding
    price: float


def pressure_standing(
    plan: PressurePlan, estimate: PressureEstimate, profile_id: str, touches: Sequence[PastTouch], now_ms: int
) -> PressureStanding:
    """`touches`: the person's outbound contacts of the window, in any order."""
    level, rate = level_of(plan, touches, now_ms), rate_of(plan, touches, now_ms)
    return PressureStanding(
        level,
        rate,
        gap_deviation(plan, profile_id, touches, now_ms),
        gap_at(plan, profile_id, now_ms),
        price_of(plan, estimate, level, rate),
    )


def price_of(plan: PressurePlan, estimate: PressureEstimate, level: float, rate: float) -> float:
    """Of one more contact of weight 1."""
    following = (rate + 1.0 / plan.window_ms) * memory_ms(plan)
    responses = -estimate.response_slope * following * estimate.mean_value
    unsubscribes = estimate.unsubscribe_slope * (level + following) * plan.unsubscribe_value
    return estimate.certainty * max(0.0, responses + unsubscribes)
