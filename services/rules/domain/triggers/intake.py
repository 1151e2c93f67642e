"""An event comes into the open patterns of a subject."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec.structs import replace

from services.rules.domain.triggers.absence import is_broken, with_absent, with_completion
from services.rules.domain.triggers.causes import timer_id
from services.rules.domain.triggers.declaration import Pattern, PatternKind
from services.rules.domain.triggers.outcome import Happening
from services.rules.domain.triggers.program import ABSENT, EventPlan, TriggerPlan, Watch, join_text
from services.rules.domain.triggers.reading import PropertyReader
from services.rules.domain.triggers.state import Match, OpenPattern, Pending
from services.rules.domain.triggers.windows import Completion, completion, is_waiting
from services.rules.domain.triggers.working_state import WorkingState
from shared.values import Value

MAX_KEPT_CHARACTERS = 1_024
"""A longer text of an event that waits in a pattern is unknown later."""


@dataclass(slots=True)
class Acceptance:
    """What an event is for one trigger and one value of its join. `parts` has one bit per part that accepts it."""

    trigger: TriggerPlan
    pattern: Pattern
    join: str
    parts: int = 0
    is_absent: bool = False
    amount: float = 0.0


class Completed(NamedTuple):
    """A pattern that is complete and waits for no absence."""

    trigger: TriggerPlan
    join: str
    completion: Completion


def acceptances(
    plan: EventPlan, happening: Happening, satisfied: Collection[str], now_ms: int, *, is_own: bool
) -> Iterable[Acceptance]:
    """In the order of the triggers. Of an event that is not the subject's own, only what is for anyone."""
    found: dict[tuple[str, str], Acceptance] = {}
    late_ms, properties = now_ms - happening.event_ms, happening.properties
    for watch in plan.watches if is_own else plan.anyone:
        if (watch.leaf and watch.leaf not in satisfied) or late_ms > watch.trigger.lateness_ms:
            continue
        join = "" if watch.join is None else join_text(properties, watch.join)
        amount = 0.0 if watch.amount is None else _amount(properties, watch.amount)
        if join is None or amount is None:
            continue
        key = (watch.trigger.key, join)
        if key not in found:
            found[key] = Acceptance(watch.trigger, watch.pattern, join)
        _accept(found[key], watch, amount)
    return found.values()


def take_in(state: WorkingState, happening: Happening, accepted: Acceptance) -> Completed | None:
    """Puts the event where it belongs; answers what it completes."""
    trigger, pattern, join = accepted.trigger, accepted.pattern, accepted.join
    before = after = state.open(trigger, join)
    found: Completion | None = None
    if accepted.is_absent:
        after = _with_absent(state, after, happening)
    if accepted.parts:
        after, found = _with_match(after, accepted, happening)
        if found is not None and pattern.absent is not None:
            after = _with_completion(state, after, accepted, found)
        if pattern.matches[-1].by_anyone and (waits := is_waiting(pattern, after.matches)) is not after.waits:
            after = replace(after, waits=waits)
    if after is not before:
        state.put(trigger, join, after)
    return Completed(trigger, join, found) if found is not None and pattern.absent is None else None


def _accept(into: Acceptance, watch: Watch, amount: float) -> None:
    if watch.part == ABSENT:
        into.is_absent = True
    else:
        into.parts |= 1 << watch.part
        into.amount = amount


def _amount(properties: Mapping[str, Value], read: PropertyReader) -> float | None:
    """What the event adds to a sum; None where it does not say."""
    value = read(properties)
    return float(value) if isinstance(value, int | float) else None


def _with_absent(state: WorkingState, pattern: OpenPattern, happening: Happening) -> OpenPattern:
    broken = [each for each in pattern.pending if each.first_ms <= happening.event_ms < each.due_ms]
    state.drop_timers(broken)
    return replace(
        pattern,
        absents=with_absent(pattern.absents, happening.event_ms, happening.event_id),
        pending=tuple(each for each in pattern.pending if each not in broken),
    )


def _with_match(
    pattern: OpenPattern, accepted: Acceptance, happening: Happening
) -> tuple[OpenPattern, Completion | None]:
    """What completes the pattern is consumed."""
    match = _match(accepted, happening)
    if accepted.pattern.kind is PatternKind.ANY:
        return pattern, Completion((match,), 1)
    matches = list(pattern.matches)
    at = len(matches)
    if matches and matches[-1].place >= match.place:
        at = bisect_left(matches, match.place, key=lambda each: each.place)
        if matches[at].place == match.place:
            return pattern, None
    matches.insert(at, match)
    found = completion(accepted.pattern, matches, at)
    if found is not None:
        consumed = {each.event_id for each in found.members}
        matches = [each for each in matches if each.event_id not in consumed]
    elif accepted.pattern.matches[-1].by_anyone:
        matches[at : at + 1] = _own_parts(match, len(accepted.pattern.matches) - 1)
    if found is None and len(matches) == len(pattern.matches):
        return pattern, None
    return replace(pattern, matches=tuple(matches[-accepted.trigger.capacity :])), found


def _own_parts(match: Match, last_part: int) -> list[Match]:
    """Without the part that is for anyone: it counts for those who wait when it comes, and is not kept."""
    parts = match.parts & ~(1 << last_part)
    return [replace(match, parts=parts)] if parts else []


def _match(accepted: Acceptance, happening: Happening) -> Match:
    properties = happening.properties
    kept: dict[str, Any] = {
        name: properties[name] for name in accepted.trigger.kept if name in properties and _is_short(properties[name])
    }
    return Match(happening.event_ms, happening.event_id, accepted.parts, accepted.amount, kept)


def _is_short(value: Value) -> bool:
    if isinstance(value, tuple):
        return sum(len(each) if isinstance(each, str) else 1 for each in value) <= MAX_KEPT_CHARACTERS
    return not isinstance(value, str) or len(value) <= MAX_KEPT_CHARACTERS


def _with_completion(state: WorkingState, pattern: OpenPattern, accepted: Acceptance, found: Completion) -> OpenPattern:
    """It waits for its absence, unless another one does, or the absence is broken already."""
    absent_ms = accepted.pattern.absent_ms
    timer = timer_id(accepted.trigger, state.profile_id, accepted.join, found.last.event_id)
    new = Pending(timer, found.first_ms, found.last.ms + absent_ms, found.last)
    waiting = with_completion(pattern.pending, new, restarts=accepted.pattern.restarts)
    state.drop_timers(waiting.dropped)
    pending = waiting.pending
    if waiting.added is not None and is_broken(found, pattern.absents, absent_ms):
        pending = tuple(each for each in pending if each is not new)
    elif waiting.added is not None:
        state.add_timer(new)
    return replace(pattern, pending=pending)
