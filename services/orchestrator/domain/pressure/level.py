"""The pressure a person is under: their past contacts, each by the weight of its channel, halved every half-life.

    level(t) = Σ weight_k · 2^(−(t − t_k) / half_life)        over the contacts of the window before t

A contact ahead of the moment that is decided for (another clock made it) counts as made now.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.pressure.plan import PressurePlan


@dataclass(frozen=True, slots=True)
class PastTouch:
    """One outbound contact, of whatever message class, by the weight of its channel."""

    time_ms: int
    weight: float


def level_of(plan: PressurePlan, touches: Sequence[PastTouch], now_ms: int) -> float:
    """0 for somebody without contacts; a unit is one contact of weight 1, just made."""
    level = 0.0
    for each in touches:
        age_ms = now_ms - each.time_ms
        if age_ms < plan.window_ms:
            level += each.weight * math.exp2(min(-age_ms, 0) / plan.half_life_ms)
    return level


def rate_of(plan: PressurePlan, touches: Sequence[PastTouch], now_ms: int) -> float:
    """Weight per millisecond, over the window."""
    return sum(each.weight for each in touches if now_ms - each.time_ms < plan.window_ms) / plan.window_ms


def memory_ms(plan: PressurePlan) -> float:
    """The integral of what is left of a contact of weight 1 over the window: at a steady rate, level = rate × this."""
    return plan.half_life_ms / math.log(2.0) * (1.0 - math.exp2(-plan.window_ms / plan.half_life_ms))
