"""What a profile keeps per aggregate formula. Decoded with the profile, so msgspec Structs in array form.

    measure        without a window   with a window
    COUNT          Tally              Series of times
    SUM            Total              Series of times and values
    LAST           Latest             Latest
    DISTINCT       Distinct           Distinct
    DECAYED_RATE   Decayed            Series of times

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


State = Tally | Total | Latest | Distinct | Decayed | Series
