"""How much of a resource will be used when its period ends, with an interval.

Decisions to come × what each uses lately. The interval is normal: the number of decisions scatters as its hours did
(`dispersion`), what each uses like a coin that is thrown. It ends at what is used already and at the amount.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.orchestrator.domain.volume import traffic as hours
from services.orchestrator.domain.volume.account import Account

NORMAL_90 = 1.6449


@dataclass(frozen=True, slots=True)
class Forecast:
    """In millionths; nine times of ten the use comes to lie within."""

    expected: int
    lowest: int
    highest: int


def forecast(account: Account, now_ms: int, typical_use: int) -> Forecast | None:
    """None for a period without an end. `typical_use`: of one contact."""
    if account.end_ms >= 2**62:
        return None
    used, amount = account.committed, max(account.amount, account.committed)
    if now_ms >= account.end_ms:
        return Forecast(used, used, used)
    pace = account.pace
    to_come = hours.remaining(account.traffic, pace.arrivals, account.start_ms, now_ms, account.end_ms)
    more = to_come * pace.use_per_arrival
    variance = pace.use_per_arrival**2 * to_come * account.traffic.dispersion + more * typical_use
    spread = NORMAL_90 * math.sqrt(max(0.0, variance))
    low, middle, high = (min(amount, used + max(0, round(each))) for each in (more - spread, more, more + spread))
    return Forecast(middle, low, high)
