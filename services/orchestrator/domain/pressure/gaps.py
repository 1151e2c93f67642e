"""Gaps without outbound marketing, drawn at random, person by person: the experiment that pressure is learnt from.

A person's time is cut into periods; where the cuts are is a matter of their profile id. A period begins with a gap or
not, drawn by a salted hash of the profile id and the period's number, so nothing is stored and every replica agrees:

    |--gap--|.............|....................|--longer gap--|......|
    period k               period k + 1         period k + 2

Contacts are aimed at those who respond anyway, so levels tell nothing by themselves. The deviation does: how far the
level is from what it would be on average over the draws,

    deviation(t) = − Σ rate_k · (lost_k − E[lost_k])

over the periods k of the window, rate_k the pace of contacts as it was when the period began, lost_k what of one unit
per millisecond the gap took from the level at t. Whatever is known of the person when a period begins, its draw is
independent of that, so the deviation has mean zero for everybody, whomever contacts are aimed at: an instrument.
Who asks outside of a gap knows that none is open; of the running period the mean is that of such persons.

A sequential design of randomised availability as in micro-randomised trials: Klasnja et al. (2015), "Microrandomized
trials", Health Psychology 34(S); a treatment's "shock" less its known mean as an instrument: Borusyak and Hull (2023),
"Nonrandom exposure to exogenous shocks", Econometrica 91(6), section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from services.orchestrator.domain.pressure.level import PastTouch
from services.orchestrator.domain.pressure.plan import PressurePlan

_BYTES = 8
_RANGE = float(2 ** (8 * _BYTES))


@dataclass(frozen=True, slots=True)
class GapStanding:
    """`until_ms`: when the open gap ends, else None. `probability`: of being in a gap at this moment of the period, as
    known before the draw."""

    is_open: bool
    until_ms: int | None
    probability: float


NO_GAP = GapStanding(False, None, 0.0)


def gap_at(plan: PressurePlan, profile_id: str, now_ms: int) -> GapStanding:
    """Nobody whom a profile names has no gaps."""
    if not plan.has_gaps or not profile_id:
        return NO_GAP
    number, passed_ms = divmod(now_ms + _phase_ms(plan, profile_id), plan.period_ms)
    probability = _chance(plan) * sum(length > passed_ms for length in plan.gap_lengths_ms)
    length_ms = _gap_ms(plan, profile_id, number)
    is_open = length_ms > passed_ms
    return GapStanding(is_open, now_ms - passed_ms + length_ms if is_open else None, probability)


def gap_deviation(plan: PressurePlan, profile_id: str, touches: Sequence[PastTouch], now_ms: int) -> float:
    """The level that the draws of the window added, by their own; below 0 after more gap than usual. 0 where there are
    no gaps, and for who had no contacts before the last period began."""
    if not plan.has_gaps or not profile_id or not touches:
        return 0.0
    period_ms, phase_ms, begin_ms = plan.period_ms, _phase_ms(plan, profile_id), now_ms - plan.window_ms
    history = sorted((each.time_ms, each.weight) for each in touches if each.time_ms >= begin_ms)
    # Periods that began before the window have no pace.
    number = -(-(begin_ms + phase_ms) // period_ms)
    deviation, weight, seen = 0.0, 0.0, 0
    for start_ms in range(number * period_ms - phase_ms, now_ms + 1, period_ms):
        while seen < len(history) and history[seen][0] < start_ms:
            weight += history[seen][1]
            seen += 1
        if weight:
            # Of a short history the pace would be mostly luck.
            rate = weight / max(start_ms - begin_ms, plan.half_life_ms)
            deviation -= rate * _surprise(plan, _gap_ms(plan, profile_id, number), now_ms - start_ms)
        number += 1
    return deviation


def _surprise(plan: PressurePlan, length_ms: int, passed_ms: int) -> float:
    """What a gap of this length took from the level at one unit per millisecond, less the mean of that, `passed_ms`
    after its period began. Among those whose gap is still open all lengths took the same."""
    if length_ms > passed_ms:
        return 0.0
    chance, expected, is_closed = _chance(plan), 0.0, 1.0
    for length in plan.gap_lengths_ms:
        if length > passed_ms:
            is_closed -= chance
        else:
            expected += chance * _kept_out(plan, length)
    faded = math.exp2(-passed_ms / plan.half_life_ms)
    return faded * (_kept_out(plan, length_ms) - expected / is_closed)


def _kept_out(plan: PressurePlan, length_ms: int) -> float:
    """The same as it would weigh at the begin of the period."""
    return (math.exp2(length_ms / plan.half_life_ms) - 1.0) * plan.half_life_ms / math.log(2.0)


def _chance(plan: PressurePlan) -> float:
    """Of each length."""
    return plan.gap_share / len(plan.gap_lengths_ms)


def _gap_ms(plan: PressurePlan, profile_id: str, number: int) -> int:
    """How long the gap at the begin of a period is; 0 without one."""
    place = _hash(f"{plan.salt}\0gap\0{profile_id}\0{number}") / _RANGE / _chance(plan)
    return plan.gap_lengths_ms[int(place)] if place < len(plan.gap_lengths_ms) else 0


def _phase_ms(plan: PressurePlan, profile_id: str) -> int:
    return _hash(f"{plan.salt}\0phase\0{profile_id}") % plan.period_ms


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_BYTES).digest())
