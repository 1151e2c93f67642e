"""How long ago a moment was: days_since() and hours_since() of the conditions."""

from __future__ import annotations

from datetime import datetime, timedelta

_DAY, _HOUR, _MICROSECOND = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def days_between(earlier: datetime, later: datetime) -> int:
    """Whole days, rounded down: 0 within the last 24 hours, -1 for a moment less than a day ahead."""
    return (later - earlier) // _DAY


def hours_between(earlier: datetime, later: datetime) -> int:
    """Whole hours, rounded down."""
    return (later - earlier) // _HOUR


def microseconds_between(earlier: datetime, later: datetime) -> int:
    return (later - earlier) // _MICROSECOND
