"""How long a span of time is that a condition names: the second argument of within()."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fractions import Fraction

_MICROSECONDS = {
    "w": 604_800_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_PART = r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(w|d|h|ms|m|us|s)"
_PARTS, _SPAN = re.compile(_PART), re.compile(f"(?:{_PART}){{1,7}}")
MAX_SPAN_MICROSECONDS = 315_576_000_000 * 1_000_000
"""10,000 years: the longest duration of CEL."""


def span_microseconds(text: str) -> int:
    """Of "30d", "1d12h", "90m", "2w": what CEL's duration() reads, and days and weeks. Cut to whole microseconds.

    Raises ValueError for anything else.
    """
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text!r} is no span of time such as 30d, 12h or 1d12h")
    total = int(sum(Fraction(number) * _MICROSECONDS[unit] for number, unit in _PARTS.findall(text)))
    if total > MAX_SPAN_MICROSECONDS:
        raise ValueError(f"{text!r} is longer than 10,000 years")
    return total


def span_text(microseconds: int) -> str:
    """In the largest unit that it is a whole number of."""
    unit = next(each for each, size in _MICROSECONDS.items() if each != "w" and microseconds % size == 0)
    return f"{microseconds // _MICROSECONDS[unit]}{unit}"


def is_within(moment: datetime, span: timedelta, now: datetime) -> bool:
    """Whether the moment is not ahead of now, and not longer ago than the span."""
    return timedelta() <= now - moment <= span


def is_anniversary(moment: datetime, now: datetime) -> bool:
    """Whether today has the month and the day of the moment, both in UTC; 29 February comes on 28 in other years."""
    if (moment.month, moment.day) == (now.month, now.day):
        return True
    return (moment.month, moment.day, now.month, now.day) == (2, 29, 2, 28) and not _is_leap(now.year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
