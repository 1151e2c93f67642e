"""Completed patterns that wait for an absence. A completion waits from its last event until `absent_ms` later."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from services.rules.domain.triggers.state import Pending
from services.rules.domain.triggers.windows import Completion

MAX_ABSENTS = 64
"""Kept per subject and value of the join; the oldest are forgotten."""

Absents = tuple[tuple[int, str], ...]


def with_absent(absents: Absents, event_ms: int, event_id: str) -> Absents:
    place = (event_ms, event_id)
    if place in absents:
        return absents
    kept = list(absents)
    insort(kept, place)
    return tuple(kept[-MAX_ABSENTS:])


def is_broken(completion: Completion, absents: Absents, absent_ms: int) -> bool:
    """Whether what should be absent came within it. The completion's own events do not count."""
    due_ms = completion.last.ms + absent_ms
    members = {match.event_id for match in completion.members}
    begin = bisect_left(absents, (completion.first_ms, ""))
    return any(ms < due_ms and event_id not in members for ms, event_id in absents[begin:])


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits after a completion: `added` is None where the new one is not counted."""

    pending: tuple[Pending, ...]
    added: Pending | None
    dropped: tuple[Pending, ...] = ()


def with_completion(pending: Sequence[Pending], new: Pending, *, restarts: bool) -> Waiting:
    """Of completions whose waits overlap one counts: with `restarts` the latest, otherwise the one that was there."""
    absent_ms = new.due_ms - new.last.ms
    overlapping = [each for each in pending if abs(each.last.ms - new.last.ms) < absent_ms]
    if overlapping and not restarts:
        return Waiting(tuple(pending), None)
    dropped = tuple(each for each in overlapping if each.last.place < new.last.place)
    is_latest = len(dropped) == len(overlapping)
    kept = [each for each in pending if each not in dropped]
    return Waiting(
        tuple(sorted([*kept, *([new] if is_latest else [])], key=lambda each: each.last.place)),
        new if is_latest else None,
        dropped,
    )
