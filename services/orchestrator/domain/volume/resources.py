"""What a policy declares of volume, and what each option of the catalogue uses of it.

Amounts are whole millionths of a unit inside, so that sums are exact: of the currency for a budget, of a piece or a
call otherwise. O options, R resources:

    use  int64[O, R]   of one contact, in millionths; 0 where the resource is not about the option
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.domain.policy_parts import Place
from shared.clock import to_datetime, to_ms
from shared.time_zones import zone
from shared.values import INT64_MAX

MILLIONTHS = 1_000_000
MS_PER_HOUR = 3_600_000
ONLY_PERIOD = 0
"""The period of a resource that has just one."""
Micros = NDArray[np.int64]


class ResourceKind(IntEnum):
    """Numbers are those of tandem.orchestrator.v1.ResourceKind."""

    BUDGET = 1
    STOCK = 2
    CAPACITY = 3


class Pacing(IntEnum):
    """How use is spread over a period. Numbers are those of tandem.orchestrator.v1.Pacing."""

    ASAP = 1
    """Whoever comes first."""
    EVEN = 2
    """The same in every minute."""
    TRAFFIC = 3
    """The same for every decision that might use it."""


@dataclass(frozen=True, slots=True)
class Period:
    """`key_ms` names it: its start, or ONLY_PERIOD. `end_ms` INT64_MAX: it has none."""

    key_ms: int
    start_ms: int
    end_ms: int

    @property
    def is_endless(self) -> bool:
        return self.end_ms == INT64_MAX


@dataclass(frozen=True, slots=True)
class Resource:
    """`amount` in millionths, per period."""

    resource_id: str
    kind: ResourceKind
    amount: int
    pacing: Pacing
    from_ms: int | None = None
    until_ms: int = INT64_MAX
    span_ms: int = 0
    """Of one period; 0 for a calendar unit, or the only one."""
    calendar: str = ""
    """HOUR, DAY, WEEK or MONTH; "" for a span, or the only period."""
    time_zone: str = "UTC"
    place: Place | None = None

    def period_at(self, now_ms: int) -> Period | None:
        """None before its beginning and after its end: nothing of it is to be had then."""
        first_ms = self.from_ms or 0
        if now_ms < first_ms or now_ms >= self.until_ms:
            return None
        if self.span_ms:
            start_ms = first_ms + (now_ms - first_ms) // self.span_ms * self.span_ms
            return Period(start_ms, start_ms, min(self.until_ms, start_ms + self.span_ms))
        if self.calendar:
            start_ms, end_ms = calendar_unit(self.calendar, self.time_zone, now_ms)
            return Period(start_ms, max(start_ms, first_ms), min(self.until_ms, end_ms))
        return Period(ONLY_PERIOD, first_ms, self.until_ms)


def calendar_unit(unit: str, time_zone: str, now_ms: int) -> tuple[int, int]:
    """The running HOUR, DAY, WEEK (from Monday) or MONTH of the zone: its start and its end."""
    wall = to_datetime(now_ms).astimezone(zone(time_zone))
    if unit == "HOUR":
        # The wall's, which in zones that are half an hour off begins half an hour off.
        shown_ms = now_ms + (wall.utcoffset() or timedelta()) // timedelta(milliseconds=1)
        start_ms = now_ms - shown_ms % MS_PER_HOUR
        return start_ms, start_ms + MS_PER_HOUR
    return _unit_of_day(unit, time_zone, wall.date())


@lru_cache(maxsize=256)
def _unit_of_day(unit: str, time_zone: str, day: date) -> tuple[int, int]:
    first, days = {
        "DAY": (day, 1),
        "WEEK": (day - timedelta(days=day.weekday()), 7),
        "MONTH": (day.replace(day=1), monthrange(day.year, day.month)[1]),
    }[unit]
    start, end = (datetime.combine(each, time(), zone(time_zone)) for each in (first, first + timedelta(days=days)))
    return to_ms(start), to_ms(end)


@dataclass(frozen=True, slots=True, eq=False)
class VolumeTable:
    """The column drawn above, made once per policy version."""

    resources: tuple[Resource, ...]
    use: Micros

    @property
    def is_empty(self) -> bool:
        return not self.resources

    @property
    def index(self) -> dict[str, int]:
        return {resource.resource_id: index for index, resource in enumerate(self.resources)}

    @property
    def is_stock(self) -> NDArray[np.bool_]:
        """bool[R]."""
        return np.array([resource.kind is ResourceKind.STOCK for resource in self.resources], dtype=np.bool_)

    def largest_use(self, resource: int) -> int:
        """Of one contact; 0 where no option uses the resource."""
        return int(self.use[:, resource].max(initial=0))


NO_VOLUME = VolumeTable((), np.zeros((0, 0), dtype=np.int64))


def in_millionths(units: float) -> int:
    """Rounded up: what is counted is never less than what was used."""
    whole = round(units * MILLIONTHS)
    return whole if abs(whole - units * MILLIONTHS) < 1e-3 else int(np.ceil(units * MILLIONTHS))


def in_units(millionths: int) -> float:
    return millionths / MILLIONTHS
