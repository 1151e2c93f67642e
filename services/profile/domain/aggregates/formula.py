"""What an aggregate computes, without its name: equal formulas share one state, in whatever schema they stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from shared.values import AttributeType


class Measure(IntEnum):
    """Numbers are those of tandem.profile.v1.Measure."""

    COUNT = 1
    SUM = 2
    LAST = 3
    DISTINCT = 4
    DECAYED_RATE = 5

    @property
    def needs_property(self) -> bool:
        return self in (Measure.SUM, Measure.LAST, Measure.DISTINCT)


@dataclass(frozen=True, slots=True)
class Formula:
    """`window_ms` 0: all time. `half_life_ms` is set for DECAYED_RATE, `type` for LAST, and for no other measure."""

    measure: Measure
    event: str
    property_name: str = ""
    window_ms: int = 0
    half_life_ms: int = 0
    type: AttributeType | None = None

    @property
    def key(self) -> str:
        """Names the state in a profile and spells out the formula, so that a state can be kept up to date without
        the schema that asked for it: `COUNT/cart_add/3600000/0/0/`.
        """
        parts = (
            self.measure.name,
            self.event,
            self.window_ms,
            self.half_life_ms,
            int(self.type or 0),
            self.property_name,
        )
        return "/".join(map(str, parts))

    @property
    def answers(self) -> AttributeType | None:
        """The type of the aggregate; None for a LAST that declares none."""
        return self.type if self.measure is Measure.LAST else _ANSWERS[self.measure]


_ANSWERS = {
    Measure.COUNT: AttributeType.INT,
    Measure.SUM: AttributeType.DOUBLE,
    Measure.DISTINCT: AttributeType.INT,
    Measure.DECAYED_RATE: AttributeType.DOUBLE,
}


@lru_cache(maxsize=4096)
def formula_of(key: str) -> Formula:
    """The formula a key spells out."""
    measure, event, window_ms, half_life_ms, kind, name = key.split("/", 5)
    value_type = AttributeType(int(kind)) if int(kind) else None
    return Formula(Measure[measure], event, name, int(window_ms), int(half_life_ms), value_type)
