"""Time as an argument. Everything inside Tandem counts in integer milliseconds since 1970 UTC (`*_ms`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Answers now, in milliseconds since 1970 UTC."""

MS_PER_SECOND = 1_000
MS_PER_DAY = 86_400_000
MAX_CLOCK_SKEW_MS = 5 * 60 * MS_PER_SECOND
"""How far ahead of the server a caller's time may be."""
LATEST_MS = 221_845_391_999_999
"""The end of the year 8999: windows that end then and calendars around it still have dates."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> int:
    """Now, by the machine's wall clock."""
    return time.time_ns() // 1_000_000


def to_datetime(time_ms: int) -> datetime:
    """An aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, digits below a millisecond cut. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime names no moment")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
