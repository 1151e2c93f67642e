"""When a schedule's moments are: clock times of a place, whatever its clocks do."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.rules.domain.triggers.declaration import Schedule
from shared.cel.problems import suggestion
from shared.clock import to_datetime, to_ms
from shared.time_zones import UTC_ZONE, is_time_zone, zone, zone_names

_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAY = timedelta(days=1)


def schedule_problem(schedule: Schedule) -> str:
    """What is wrong with it, as the rest of a sentence; "" for nothing."""
    if not _CLOCK_TIME.fullmatch(schedule.daily_at):
        return f"{schedule.daily_at[:40]!r} is no time of day such as 09:30"
    if wrong := [day for day in schedule.weekdays if not 1 <= day <= 7]:
        return f"{wrong[0]} is no day of the week: 1 is Monday, 7 is Sunday"
    if len(set(schedule.weekdays)) < len(schedule.weekdays):
        return "a day of the week is given twice"
    if schedule.time_zone and not is_time_zone(schedule.time_zone):
        hint = suggestion(schedule.time_zone[:40], zone_names())
        return f"{schedule.time_zone[:40]!r} is no time zone such as Europe/Paris{hint}"
    return ""


def next_tick(schedule: Schedule, after_ms: int) -> int:
    """The first moment behind `after_ms`, in milliseconds since 1970 UTC."""
    place = zone(schedule.time_zone or UTC_ZONE)
    # A skipped moment may come up to a day late, and of eight days each day of the week is one.
    day = to_datetime(after_ms).astimezone(place).date() - 2 * _DAY
    while True:
        moment_ms = to_ms(_moment(day, schedule, place))
        if moment_ms > after_ms and (not schedule.weekdays or day.isoweekday() in schedule.weekdays):
            return moment_ms
        day += _DAY


def _moment(day: date, schedule: Schedule, place: ZoneInfo) -> datetime:
    wanted = datetime.combine(day, time.fromisoformat(schedule.daily_at), place)
    # fold=0, the default, is the first of two; a moment that does not exist comes back from UTC as another one.
    moment = wanted.astimezone(UTC)
    if moment.astimezone(place).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return moment
    return _first_after_gap(wanted, place)


def _first_after_gap(wanted: datetime, place: ZoneInfo) -> datetime:
    """The moment the clocks jumped over `wanted`: it lies between `wanted` by the clocks after and before the jump."""
    before, after = sorted((wanted.replace(fold=1).astimezone(UTC), wanted.replace(fold=0).astimezone(UTC)))
    old = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
