"""What a profile keeps per aggregate formula. Decoded with the profile, so msgspec Structs in array form.

    measure             without a window   with a window        of a complete calendar unit
    COUNT               Tally              Series of times      Series of times
    SUM                 Total              Series of values     Series of values
    MEAN                Average            Series of values     Series of values
    SHARE               Portion            Series of 0 and 1    Series of 0 and 1
    DECAYED_RATE        Decayed            Series of times      -
    HOUR_OF_WEEK,       Quarters           Series of times      Series of times
    BEST_HOUR
    MIN, MAX            Extreme            Sightings            Sightings
    FIRST               Earliest           Sightings            Sightings
    TOP_K               Frequencies        Sightings            Sightings
    LAST                Latest             Latest               Sightings
    DISTINCT            Distinct           Distinct             Sightings
    OWNED               Holdings           -                    -
    DAYS_SINCE_LAST     Latest             -                    -
    DAYS_SINCE_FIRST    Earliest           -                    -

A state answers for any moment at or after the newest event it holds (a Series also somewhat before). For an earlier
moment it may have forgotten too much: its rule then answers None, and the reader goes to the event log.
"""

from __future__ import annotations

import msgspec

from services.profile.domain.stored import StoredValue

NEVER_MS = -(2**53)
"""Before every event and every reading."""


class Tally(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """How many events there were."""

    count: int = 0
    newest_ms: int = NEVER_MS


class Total(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A sum kept exactly: the addends of `partials` do not overlap (exact.py)."""

    partials: tuple[float, ...] = ()
    newest_ms: int = NEVER_MS


class Latest(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The property of the newest event; of two at one moment, that of the greater event id."""

    newest_ms: int = NEVER_MS
    event_id: str = ""
    value: StoredValue = None


class Distinct(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """When each value was last seen, by the hash of the value."""

    seen_ms: dict[int, int]
    newest_ms: int = NEVER_MS


class Decayed(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """The sum of 2^(time / half-life - landmark) over the events, kept exactly."""

    partials: tuple[float, ...] = ()
    landmark: int = 0
    newest_ms: int = NEVER_MS


class Series(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Single events in the order of their times; cells of several events where there are very many (series.py).

    times   [t0 <= t1 <= ...]   newest time of each cell
    values  [v0,   v1,   ...]   its sum; empty where the measure needs none
    counts  [c0,   c1,   ...]   its events; empty while every cell is one event
    """

    times: list[int]
    values: list[float]
    counts: list[int]
    forgotten_ms: int = NEVER_MS
    """The newest time among the events that left the window and were dropped."""


class Average(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """A sum kept exactly, and of how many values."""

    partials: tuple[float, ...] = ()
    count: int = 0
    newest_ms: int = NEVER_MS


class Portion(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Of how many events how many satisfy the condition."""

    satisfying: int = 0
    count: int = 0
    newest_ms: int = NEVER_MS


class Extreme(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """The smallest or greatest number; None before there is one."""

    value: float | None = None
    newest_ms: int = NEVER_MS


class Earliest(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """The property of the oldest event; of two at one moment, that of the smaller event id."""

    oldest_ms: int | None = None
    event_id: str = ""
    value: StoredValue = None


class Frequencies(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """How often each value occurred and when it was last seen."""

    seen: dict[str, tuple[int, int]]
    newest_ms: int = NEVER_MS


class Quarters(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """How many events there were, by quarter of an hour since 1970: every time zone can make its own hours of them."""

    counts: dict[int, int]
    newest_ms: int = NEVER_MS


class Sightings(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Single events with a value, in the order of (time, event id); cells where there are very many (sightings.py).

    times    [t0 <= t1 <= ...]   newest time of each cell
    ids      [e0,   e1,   ...]   event id; empty strings where the measure needs none
    values   [v0,   v1,   ...]   the value that stands for the cell
    counts   [c0,   c1,   ...]   its events; empty while every cell is one event
    """

    times: list[int]
    ids: list[str]
    values: list[StoredValue]
    counts: list[int]
    forgotten_ms: int = NEVER_MS
    """As of a Series."""


class Holdings(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """How many of each thing came, less those that went back."""

    held: dict[str, int]
    newest_ms: int = NEVER_MS


State = (
    Tally
    | Total
    | Latest
    | Distinct
    | Decayed
    | Series
    | Average
    | Portion
    | Extreme
    | Earliest
    | Frequencies
    | Quarters
    | Sightings
    | Holdings
)
