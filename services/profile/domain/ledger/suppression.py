"""Suppression rules: how long too many responses of one kind refuse further contacts.

Every response that makes `max` within the window starts the pause anew; while it lasts it does not matter that the
window lets go of the responses that brought it about. Once it is over they count only together with a new one.

    max 2, window 30 d, pause 60 d        ignored  day 0         day 20                       day 80
                                          ---------|-------------|============ paused ========|------->
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.profile.domain.ledger.limits import ContactLimit


@dataclass(frozen=True, slots=True)
class Suppression:
    """What responses come to under a rule that pauses. `until_ms` None: it does not refuse."""

    used: int
    until_ms: int | None = None


def suppression(limit: ContactLimit, told_ms: Sequence[int], now_ms: int) -> Suppression:
    """Of all responses until now, in any order."""
    times = sorted(told_ms)
    triggers = [
        (first, last)
        for first, last in enumerate(range(limit.max - 1, len(times)))
        if times[last] - times[first] < limit.window_ms
    ]
    if triggers:
        started_ms = times[triggers[-1][1]]
        if now_ms < started_ms + limit.pause_ms:
            used = sum(1 for each in times if started_ms - limit.window_ms < each <= started_ms)
            return Suppression(used, started_ms + limit.pause_ms)
    recent = sum(1 for each in times if each > now_ms - limit.window_ms)
    return Suppression(min(recent, limit.max - 1))
