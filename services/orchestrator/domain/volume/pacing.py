"""The dual price of a resource: what one unit of it is worth elsewhere, in money.

Dual mirror descent with the Euclidean mirror map (Balseiro, Lu and Mirrokni, "The Best of Many Worlds: Dual Mirror
Descent for Online Allocation Problems", Operations Research 71(1), 2023, algorithm 1; for a budget it is the adaptive
pacing of Balseiro and Gur, Management Science 65(9), 2019, section 3): a decision takes what is worth most less
price × use, and after a step

    price  <-  max(0, price + step size × (use - target))

The target of a step is planned anew from what is left (re-solving: Jasin and Kumar, Mathematics of Operations Research
37(2), 2012), not from the plan of the morning, so that a spike is served at about the price of the rest of the day:

    TRAFFIC   what is left × decisions of the step / (those and all that are still expected)
    EVEN      what is left × the time of the step / the time that was left

The step size is in proportion to what a unit brought those that used it, so that it fits any currency, and larger while
little of the amount was planned. A price is the whole deployment's: it is kept in the account, and replicas read it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.orchestrator.domain.volume import traffic as hours
from services.orchestrator.domain.volume.resources import MILLIONTHS, Pacing
from services.orchestrator.domain.volume.traffic import Traffic

STEP_MS = 1_000
STEP_SIZE, FIRST_STEP_SIZE = 0.1, 0.5
LEARNING = 0.02
"""The share of the amount after which step sizes are down to about a third of the way."""
PARTS = 500
"""A step is measured against this part of the amount where its target is less, so that single uses do not shake it."""
CONTACTS = 5.0
"""Nor against fewer contacts than these."""
_BIDS = 2_000.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`price` and `scale` in money per unit, `scale` being what a unit brought those that used it."""

    price: float = 0.0
    scale: float = 0.0
    bids: float = 0.0
    """How many are behind the scale."""
    learnt: float = 0.0
    """How much of an amount was planned so far, as a share."""
    stepped_ms: int = 0
    used: int = 0
    """In millionths, when the last step was made."""
    arrivals: int = 0
    """Of the period."""
    stepped_arrivals: int = 0
    """Of them, those before the last step."""
    use_per_arrival: float = 0.0
    """Lately, in millionths."""


@dataclass(frozen=True, slots=True)
class Bids:
    """What replicas saw since they told last: decisions that might have used the resource, and what it brought."""

    arrivals: int = 0
    count: int = 0
    total: float = 0.0
    """Of money per unit, over those that used it."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a period stands: amounts in millionths."""

    pacing: Pacing
    amount: int
    used: int
    start_ms: int
    end_ms: int
    largest_use: int


def told(pace: Pace, bids: Bids) -> Pace:
    """With what a replica saw."""
    if not bids.count:
        return replace(pace, arrivals=pace.arrivals + bids.arrivals)
    weight = min(pace.bids + bids.count, _BIDS)
    mean = bids.total / bids.count
    scale = pace.scale + (mean - pace.scale) * min(1.0, bids.count / weight)
    return replace(pace, arrivals=pace.arrivals + bids.arrivals, scale=scale, bids=weight)


def inherited(pace: Pace, used: int, now_ms: int) -> Pace:
    """For the next period: it begins with the price of this one."""
    return replace(pace, stepped_ms=now_ms, used=used, arrivals=0, stepped_arrivals=0)


def stepped(pace: Pace, course: Course, traffic: Traffic, now_ms: int) -> Pace:
    """The next price; the same pace where it is not time for it."""
    since_ms = now_ms - pace.stepped_ms
    if since_ms < STEP_MS:
        return pace
    here = replace(pace, stepped_ms=now_ms, used=course.used, stepped_arrivals=pace.arrivals)
    if course.pacing is Pacing.ASAP or now_ms >= course.end_ms:
        return replace(here, price=0.0)
    used, came = course.used - pace.used, pace.arrivals - pace.stepped_arrivals
    target = _target(pace, course, traffic, now_ms)
    least = max(course.amount / PARTS, CONTACTS * course.largest_use, 1.0)
    size = STEP_SIZE + (FIRST_STEP_SIZE - STEP_SIZE) * math.exp(-pace.learnt / LEARNING)
    price = max(0.0, pace.price + size * pace.scale * (used - target) / max(target, least))
    return replace(
        here,
        price=price,
        learnt=pace.learnt + target / max(course.amount, 1),
        use_per_arrival=_lately(pace, used, came),
    )


def _target(pace: Pace, course: Course, traffic: Traffic, now_ms: int) -> float:
    """Of the step that ends now, in millionths."""
    left = max(0, course.amount - pace.used)
    last_ms = max(pace.stepped_ms, course.start_ms)
    if course.pacing is Pacing.EVEN:
        return left * (now_ms - last_ms) / max(course.end_ms - last_ms, 1)
    came = pace.arrivals - pace.stepped_arrivals
    to_come = hours.remaining(traffic, pace.arrivals, course.start_ms, now_ms, course.end_ms)
    return left * came / max(came + to_come, 1.0)


def _lately(pace: Pace, used: int, came: int) -> float:
    if came <= 0:
        return pace.use_per_arrival
    weight = min(1.0, came / 500.0) if pace.use_per_arrival else 1.0
    return pace.use_per_arrival + weight * (max(0, used) / came - pace.use_per_arrival)


def opportunity_cost(prices: Sequence[float], uses: Sequence[int]) -> float:
    """Money: Σ price × use."""
    return sum(price * use for price, use in zip(prices, uses, strict=True)) / MILLIONTHS
