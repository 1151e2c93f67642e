"""What is left of a moment, for adapters that wait."""

from __future__ import annotations

from shared.clock import Clock
from shared.errors import DeadlineExceeded


def remaining_s(deadline_ms: int, clock: Clock) -> float:
    """Seconds until the moment. Raises DeadlineExceeded when it has passed."""
    remaining_ms = deadline_ms - clock()
    if remaining_ms <= 0:
        raise DeadlineExceeded("DEADLINE_EXCEEDED", "no time was left to ask")
    return remaining_ms / 1000
