"""Which stretch of time a formula answers for at a moment."""

from __future__ import annotations

from datetime import tzinfo

from services.profile.domain.aggregates.formula import Formula
from services.profile.domain.aggregates.states import NEVER_MS
from services.profile.domain.ledger.windows import unit_around
from shared.clock import MS_PER_DAY

Span = tuple[int, int]
"""(after, until]"""

_FIRST_MS, _LAST_MS = 0, 2_900_000 * MS_PER_DAY
"""Calendars are asked about these and what is between. No event is outside."""


def span_of(formula: Formula, read_ms: int, zone: tzinfo) -> Span:
    if formula.window_ms:
        return read_ms - formula.window_ms, read_ms
    if formula.calendar is None:
        return NEVER_MS, read_ms
    asked_ms = min(max(read_ms, _FIRST_MS), _LAST_MS)
    start_ms, _ = unit_around(formula.calendar, asked_ms, zone)
    if not formula.is_previous:
        return start_ms - 1, read_ms
    previous_ms, _ = unit_around(formula.calendar, max(start_ms - 1, _FIRST_MS), zone)
    return previous_ms - 1, start_ms - 1
