"""Which moment of which schedule is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.rules.app.trigger_store import Head, OpenTick
from services.rules.domain.triggers.declaration import Schedule
from services.rules.domain.triggers.schedule import next_tick
from shared.clock import MS_PER_DAY

CAUGHT_UP_MS = MS_PER_DAY
"""A moment that was missed for longer is skipped."""


def oldest_due(schedules: Mapping[str, Schedule], head: Head, now_ms: int) -> OpenTick | None:
    """The oldest moment that is due and not done with."""
    due = [(each, trigger_id) for trigger_id, each in _next(schedules, head, now_ms) if each <= now_ms]
    if not due:
        return None
    tick_ms, trigger_id = min(due)
    return OpenTick(trigger_id, tick_ms, "")


def skipped(schedules: Mapping[str, Schedule], head: Head, now_ms: int) -> list[str]:
    """Triggers that missed moments which nobody waits for any longer."""
    return [
        trigger_id
        for trigger_id, schedule in schedules.items()
        if next_tick(schedule, _done_ms(trigger_id, head)) <= now_ms - CAUGHT_UP_MS
    ]


def _next(schedules: Mapping[str, Schedule], head: Head, now_ms: int) -> Iterator[tuple[str, int]]:
    for trigger_id, schedule in schedules.items():
        after_ms = max(_done_ms(trigger_id, head), now_ms - CAUGHT_UP_MS)
        yield trigger_id, next_tick(schedule, after_ms)


def _done_ms(trigger_id: str, head: Head) -> int:
    """Before its first moment: the activation."""
    return head.progress.ticks.get(trigger_id, head.activated_ms)
