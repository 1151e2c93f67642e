"""Windows of limits: rolling ones, and calendar units in the time zone of the person.

A calendar unit begins at the first moment at which the clock on the wall shows its beginning, or, where that moment was
skipped, at the next one. So units follow one another without gap or overlap, whatever clocks do: a day has 23, 24 or 25
hours, the hour that autumn repeats is one unit of two hours, and Samoa's 30 December 2011 is empty.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from services.profile.domain.ledger.limits import CalendarUnit, ContactLimit
from shared.clock import MS_PER_SECOND, to_datetime, to_ms

_MAX_KEPT = 10_000
"""Beginnings of units that are remembered: those of this hour, day, week, month and year in each zone of customers."""


NOT_KNOWN = 2**62
"""When a later unit than the running one ends."""


class Window(NamedTuple):
    """What happened after `after_ms` counts; until it has been within for `length_ms`, or until `end_ms`."""

    after_ms: int
    length_ms: int = 0
    end_ms: int = 0

    def leaves_ms(self, counted_ms: int) -> int:
        """When what happened then counts no more."""
        if self.length_ms:
            return counted_ms + self.length_ms
        return self.end_ms if counted_ms < self.end_ms else NOT_KNOWN


class Windows:
    """The windows of limits at one moment; each calendar unit is looked up once."""

    def __init__(self, now_ms: int, zone: tzinfo) -> None:
        self._now_ms = now_ms
        self._zone = zone
        self._units: dict[CalendarUnit, Window] = {}

    def of(self, limit: ContactLimit) -> Window:
        if limit.calendar is None:
            return Window(self._now_ms - limit.window_ms, length_ms=limit.window_ms)
        if limit.calendar not in self._units:
            start_ms, end_ms = unit_around(limit.calendar, self._now_ms, self._zone)
            self._units[limit.calendar] = Window(start_ms - 1, end_ms=end_ms)
        return self._units[limit.calendar]


def unit_around(unit: CalendarUnit, now_ms: int, zone: tzinfo) -> tuple[int, int]:
    """When the running unit began and when the next one begins."""
    wall = _beginning(unit, _shown(now_ms, zone))
    while now_ms >= _first_ms(_next(unit, wall), zone):  # clocks went back into a unit that was over
        wall = _next(unit, wall)
    return _first_ms(wall, zone), _first_ms(_next(unit, wall), zone)


def _beginning(unit: CalendarUnit, wall: datetime) -> datetime:
    if unit is CalendarUnit.HOUR:
        return wall.replace(minute=0, second=0, microsecond=0)
    day = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit is CalendarUnit.WEEK:
        return day - timedelta(days=day.weekday())
    if unit is CalendarUnit.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit is CalendarUnit.YEAR else day


def _next(unit: CalendarUnit, beginning: datetime) -> datetime:
    if unit is CalendarUnit.HOUR:
        return beginning + timedelta(hours=1)
    if unit is CalendarUnit.DAY:
        return beginning + timedelta(days=1)
    if unit is CalendarUnit.WEEK:
        return beginning + timedelta(days=7)
    if unit is CalendarUnit.YEAR:
        return beginning.replace(year=beginning.year + 1)
    month = beginning.month
    return beginning.replace(year=beginning.year + month // 12, month=month % 12 + 1)


@lru_cache(maxsize=_MAX_KEPT)
def _first_ms(wall: datetime, zone: tzinfo) -> int:
    """The first moment at which the wall shows this time, or a later one where this was skipped."""
    first_ms = to_ms(wall.replace(tzinfo=zone, fold=0))
    if _shown(first_ms, zone) == wall:
        return first_ms
    # Skipped. Read with the offset of after, it is a moment before clocks went forward; with that of before, not.
    before_ms = to_ms(wall.replace(tzinfo=zone, fold=1))
    seconds = range(before_ms // MS_PER_SECOND, first_ms // MS_PER_SECOND + 1)
    return seconds[bisect_left(seconds, wall, key=lambda second: _shown(second * MS_PER_SECOND, zone))] * MS_PER_SECOND


def _shown(moment_ms: int, zone: tzinfo) -> datetime:
    return to_datetime(moment_ms).astimezone(zone).replace(tzinfo=None)
