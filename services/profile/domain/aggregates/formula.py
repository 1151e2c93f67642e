"""What an aggregate computes, without its name: equal formulas share one state, in whatever schema they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import Any

from services.profile.domain.additions import added
from services.profile.domain.ledger.limits import CalendarUnit
from shared.clock import MS_PER_DAY
from shared.values import AttributeType


class Measure(IntEnum):
    """Numbers are those of tandem.profile.v1.Measure."""

    COUNT = 1
    SUM = 2
    LAST = 3
    DISTINCT = 4
    DECAYED_RATE = 5
    MEAN = 6
    MIN = 7
    MAX = 8
    FIRST = 9
    TOP_K = 10
    HOUR_OF_WEEK = 11
    BEST_HOUR = 12
    SHARE = 13
    OWNED = 14
    DAYS_SINCE_LAST = 15
    DAYS_SINCE_FIRST = 16

    @property
    def needs_property(self) -> bool:
        return self in _OF_A_PROPERTY

    @property
    def needs_type(self) -> bool:
        return self in (Measure.FIRST, Measure.LAST)

    @property
    def has_windows(self) -> bool:
        return self not in (Measure.OWNED, Measure.DAYS_SINCE_LAST, Measure.DAYS_SINCE_FIRST)

    @property
    def has_calendar(self) -> bool:
        return self.has_windows and self is not Measure.DECAYED_RATE


_OF_A_PROPERTY = frozenset(
    {Measure.SUM, Measure.MEAN, Measure.MIN, Measure.MAX, Measure.FIRST, Measure.LAST, Measure.DISTINCT}
    | {Measure.TOP_K, Measure.OWNED}
)
_ANSWERS = {
    Measure.COUNT: AttributeType.INT,
    Measure.SUM: AttributeType.DOUBLE,
    Measure.DISTINCT: AttributeType.INT,
    Measure.DECAYED_RATE: AttributeType.DOUBLE,
    Measure.MEAN: AttributeType.DOUBLE,
    Measure.MIN: AttributeType.DOUBLE,
    Measure.MAX: AttributeType.DOUBLE,
    Measure.TOP_K: AttributeType.STRING_LIST,
    Measure.HOUR_OF_WEEK: AttributeType.INT_LIST,
    Measure.BEST_HOUR: AttributeType.INT,
    Measure.SHARE: AttributeType.DOUBLE,
    Measure.OWNED: AttributeType.STRING_LIST,
    Measure.DAYS_SINCE_LAST: AttributeType.INT,
    Measure.DAYS_SINCE_FIRST: AttributeType.INT,
}
_HOUR_MS = 3_600_000
_LONGEST_MS: Mapping[CalendarUnit, int] = {
    CalendarUnit.HOUR: 3 * _HOUR_MS,
    CalendarUnit.DAY: 2 * MS_PER_DAY + _HOUR_MS,
    CalendarUnit.WEEK: 8 * MS_PER_DAY + _HOUR_MS,
    CalendarUnit.MONTH: 32 * MS_PER_DAY + _HOUR_MS,
    CalendarUnit.YEAR: 367 * MS_PER_DAY + _HOUR_MS,
}
"""No unit is longer, whatever the clocks of a country do: a zone that moves west over the date line repeats a day."""


@dataclass(frozen=True, slots=True)
class Formula:
    """`window_ms` (rolling) and `calendar` exclude one another; with neither: all time. What a measure has no use for
    is empty: `half_life_ms` is DECAYED_RATE's, `type` FIRST's and LAST's, `k` TOP_K's, `condition` SHARE's and
    `returned` OWNED's.
    """

    measure: Measure
    event: str
    property_name: str = ""
    window_ms: int = 0
    half_life_ms: int = 0
    type: AttributeType | None = None
    calendar: CalendarUnit | None = added(None)
    is_previous: bool = added(False)
    """The complete unit before the running one."""
    k: int = added(0)
    filter: str = added("")
    """In CEL; events that do not pass it do not exist for the aggregate."""
    condition: str = added("")
    """In CEL; the events that are counted in the share."""
    properties: tuple[tuple[str, AttributeType], ...] = added(())
    """Name and type of the properties that `filter` and `condition` read, by name."""
    returned: str = added("")
    """The type of the events that give back what events of `event` brought."""

    @property
    def events(self) -> tuple[str, ...]:
        """The types of the events it looks at."""
        return (self.event, self.returned) if self.returned else (self.event,)

    @property
    def is_windowed(self) -> bool:
        return bool(self.window_ms) or self.calendar is not None

    @property
    def horizon_ms(self) -> int:
        """How far back a state needs to remember, from its newest event on."""
        if self.calendar is None:
            return self.window_ms
        return _LONGEST_MS[self.calendar] * (2 if self.is_previous else 1)

    @property
    def answers(self) -> AttributeType | None:
        """The type of the aggregate; None for one that should declare it and does not."""
        return self.type if self.measure.needs_type else _ANSWERS[self.measure]

    @property
    def key(self) -> str:
        """Names the state in a profile and spells out the formula, so that a state can be kept up to date without
        the schema that asked for it: `COUNT/cart_add/3600000/0/0/`, with what came later in front:
        `{"k":3}TOP_K/purchase/0/0/0/brand`.
        """
        later = {name: value for name in _LATER if (value := getattr(self, name)) not in _NOTHING}
        spelled = json.dumps(later, separators=(",", ":"), ensure_ascii=False) if later else ""
        parts = (self.measure.name, self.event, self.window_ms, self.half_life_ms, int(self.type or 0))
        return spelled + "/".join(map(str, (*parts, self.property_name)))


_LATER = ("calendar", "is_previous", "k", "filter", "condition", "properties", "returned")
_NOTHING: tuple[Any, ...] = (None, False, "", ())
_READ = re.compile(r"\bevent\.([A-Za-z_]\w*)")


def settled(formula: Formula, properties: Mapping[str, AttributeType]) -> Formula:
    """The formula as it is kept, so that those that mean the same are equal: only the properties that are read, and
    the type only where the measure needs one.
    """
    read = set(_READ.findall(f"{formula.filter} {formula.condition}"))
    return replace(
        formula,
        type=formula.type if formula.measure.needs_type else None,
        filter=formula.filter.strip(),
        condition=formula.condition.strip(),
        properties=tuple(sorted((name, kind) for name, kind in properties.items() if name in read)),
    )


@lru_cache(maxsize=4096)
def formula_of(key: str) -> Formula:
    """The formula a key spells out."""
    later: dict[str, Any] = {}
    start = 0
    if key.startswith("{"):
        later, start = json.JSONDecoder().raw_decode(key)
    measure, event, window_ms, half_life_ms, kind, name = key[start:].split("/", 5)
    value_type = AttributeType(int(kind)) if int(kind) else None
    if "calendar" in later:
        later["calendar"] = CalendarUnit(later["calendar"])
    later["properties"] = tuple((each, AttributeType(number)) for each, number in later.get("properties", ()))
    return Formula(Measure[measure], event, name, int(window_ms), int(half_life_ms), value_type, **later)
