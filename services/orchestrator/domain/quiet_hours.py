"""Quiet hours: when nobody is to be reached out to, by the clock on the wall of the person.

What the wall shows is what counts, so clocks that change need no rule of their own: an hour that autumn repeats is
quiet both times or neither, an hour that spring skips is in nobody's way. A wall says the same for as long as nothing
changes: between two *cuts* (the beginnings and ends of quiet hours, and midnight) and between two changes of the offset
from UTC. So the next quiet or open moment is found by going from one of these to the next, and is exact to the
millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.orchestrator.domain.contact_limits import MARKETING
from shared.clock import MS_PER_DAY, to_datetime
from shared.public_holidays import public_holidays

MS_PER_MINUTE = 60_000
MIDNIGHT = 24 * 60
EVERY_DAY = frozenset(range(7))
LONGEST_WAIT_MS = 14 * MS_PER_DAY
"""What is quiet for longer is not waited for; what stays open for longer is said to be open for so long."""


@dataclass(frozen=True, slots=True)
class QuietHour:
    """One rule. Minutes are those of the day; one that begins later than it ends goes on after midnight."""

    rule_id: str
    channels: tuple[str, ...] = ()
    """Empty: every one on which we reach out."""
    begin: int = 0
    end: int = 0
    """MIDNIGHT at most; 0 where only holidays are quiet."""
    days: frozenset[int] = EVERY_DAY
    """On which it begins; Monday is 0."""
    holidays: bool = False
    """Public holidays are quiet from midnight to midnight."""
    message_class: str = MARKETING
    """"*" for every class."""
    defers: bool = False
    """What is decided within goes out afterwards; else not at all."""

    def holds(self, wall: datetime, calendar: Calendar) -> bool:
        if self.holidays and calendar.is_holiday(wall.date()):
            return True
        minute, today = wall.hour * 60 + wall.minute, wall.weekday()
        if self.begin < self.end:
            return self.begin <= minute < self.end and today in self.days
        began_yesterday = minute < self.end and (today - 1) % 7 in self.days
        return began_yesterday or (self.end > 0 and minute >= self.begin and today in self.days)


@dataclass(frozen=True, slots=True)
class Region:
    """Whose holidays are kept: a country and, where there is one, a part of it. No country: nobody knows."""

    country: str = ""
    subdivision: str = ""


NOWHERE = Region()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where somebody lives."""

    zone: ZoneInfo
    region: Region = NOWHERE

    def wall(self, time_ms: int) -> datetime:
        return to_datetime(time_ms).astimezone(self.zone).replace(tzinfo=None)

    def is_holiday(self, day: date) -> bool:
        """Of somebody whose country nobody knows every day may be one."""
        region = self.region
        return not region.country or day in public_holidays(region.country, region.subdivision, day.year)

    def next_cut_ms(self, time_ms: int, cuts: Sequence[int]) -> int:
        """When the wall shows one of the minutes next, or its offset changes before."""
        wall = self.wall(time_ms)
        shown_ms = ((wall.hour * 60 + wall.minute) * 60 + wall.second) * 1_000 + wall.microsecond // 1_000
        cut_ms = time_ms + min(cut * MS_PER_MINUTE for cut in cuts if cut * MS_PER_MINUTE > shown_ms) - shown_ms
        offset = self._offset(time_ms)
        return cut_ms if self._offset(cut_ms) == offset else self._change_ms(time_ms, cut_ms)

    def _offset(self, time_ms: int) -> object:
        return to_datetime(time_ms).astimezone(self.zone).utcoffset()

    def _change_ms(self, before_ms: int, after_ms: int) -> int:
        """The first moment with another offset, by bisection: the two have different ones."""
        offset = self._offset(before_ms)
        while after_ms - before_ms > 1:
            middle_ms = (before_ms + after_ms) // 2
            if self._offset(middle_ms) == offset:
                before_ms = middle_ms
            else:
                after_ms = middle_ms
        return after_ms


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When something may go out: from `earliest_ms`, before `latest_ms`."""

    earliest_ms: int | None
    """None: not at all."""
    latest_ms: int | None = None
    rule: int = -1
    """Which rule holds at the moment of the decision; -1 for none."""


def send_window(rules: Sequence[tuple[int, QuietHour]], calendar: Calendar, now_ms: int) -> SendWindow:
    """Under some rules, each with its number. Where several hold at the moment, one that drops comes first."""
    wall = calendar.wall(now_ms)
    holding = [(number, rule) for number, rule in rules if rule.holds(wall, calendar)]
    strict = next((number for number, rule in holding if not rule.defers), None)
    if strict is not None:
        return SendWindow(None, rule=strict)

    def is_quiet(time_ms: int) -> bool:
        shown = calendar.wall(time_ms)
        return any(rule.holds(shown, calendar) for _, rule in rules)

    cuts = sorted({MIDNIGHT, *(cut for _, rule in rules for cut in (rule.begin, rule.end) if cut)})
    first = holding[0][0] if holding else -1
    earliest_ms = _first_ms(now_ms, calendar, cuts, lambda time_ms: not is_quiet(time_ms)) if holding else now_ms
    if earliest_ms is None:
        return SendWindow(None, rule=first)
    latest_ms = _first_ms(earliest_ms, calendar, cuts, is_quiet)
    return SendWindow(earliest_ms, earliest_ms + LONGEST_WAIT_MS if latest_ms is None else latest_ms, first)


def _first_ms(start_ms: int, calendar: Calendar, cuts: Sequence[int], wanted: Callable[[int], bool]) -> int | None:
    time_ms = start_ms
    while not wanted(time_ms):
        time_ms = calendar.next_cut_ms(time_ms, cuts)
        if time_ms > start_ms + LONGEST_WAIT_MS:
            return None
    return time_ms
