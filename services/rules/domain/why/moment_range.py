"""The moments there are: those that a timestamp attribute can hold, whole milliseconds of the years 1 to 9999."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Since 1970; rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def moment_at(since_1970: int) -> datetime:
    """Of whole milliseconds from FIRST_MS to LAST_MS."""
    return _EPOCH + since_1970 * _MILLISECOND


FIRST_MS, LAST_MS = milliseconds(FIRST_MOMENT), milliseconds(LAST_MOMENT)


def moved(moment: datetime, span: timedelta) -> datetime | None:
    """None where that is beyond the moments there are."""
    try:
        there = moment + span
    except OverflowError:
        return None
    return there if FIRST_MOMENT <= there <= LAST_MOMENT else None
