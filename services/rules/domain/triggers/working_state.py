"""The state of one subject while a step changes it: copies what it changes, and notes what the store has to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.rules.domain.triggers.outcome import DueTimer, Firing, Outcome
from services.rules.domain.triggers.program import TriggerPlan, TriggerProgram
from services.rules.domain.triggers.state import (
    NEVER_MS,
    NOTHING_OPEN,
    InferredTrait,
    OpenPattern,
    Pending,
    SubjectState,
)
from services.rules.domain.triggers.windows import is_waiting
from shared.values import Value

INFERRED_MS = 3_600_000
"""How long an inferred trait is seen without the profile service: by then the courier has brought it there."""


PRUNE_EVERY_MS = 24 * 3_600_000
"""What is useless stays for so long at most, if something happens to the subject; nothing else depends on it."""


class WorkingState:
    __slots__ = (
        "_dropped_timers",
        "_lapse_ms",
        "_now_ms",
        "_patterns",
        "_program",
        "_state",
        "_timers",
        "_traits",
        "_waiting",
        "firings",
        "profile_id",
    )

    def __init__(self, program: TriggerProgram, state: SubjectState, now_ms: int) -> None:
        self._program = program
        self._state = state
        self._now_ms = now_ms
        self._patterns: dict[str, Mapping[str, OpenPattern]] | None = None
        self._traits: dict[str, InferredTrait] | None = None
        self._lapse_ms = state.lapse_ms
        self._timers: dict[str, DueTimer] = {}
        self._dropped_timers: list[str] = []
        self._waiting: dict[tuple[str, str], bool] = {}
        self.firings: list[Firing] = []
        self.profile_id = state.profile_id
        if state.version != program.version:
            self._forget_other_triggers()
        if now_ms >= state.lapse_ms:
            self.prune()

    @property
    def version(self) -> str:
        return self._program.version

    @property
    def patterns(self) -> Mapping[str, Mapping[str, OpenPattern]]:
        """By key of the trigger, then by value of the join."""
        return self._state.patterns if self._patterns is None else self._patterns

    def open(self, trigger: TriggerPlan, join: str) -> OpenPattern:
        joins = self.patterns.get(trigger.key)
        return NOTHING_OPEN if joins is None else joins.get(join, NOTHING_OPEN)

    def put(self, trigger: TriggerPlan, join: str, pattern: OpenPattern) -> None:
        if self._patterns is None:
            self._patterns = dict(self._state.patterns)
        joins = dict(self._patterns.get(trigger.key, {}))
        before = joins.pop(join, NOTHING_OPEN)
        if not pattern.is_empty:
            joins[join] = pattern
            self._lapse_ms = min(self._lapse_ms, self._now_ms + PRUNE_EVERY_MS)
        if joins:
            self._patterns[trigger.key] = joins
        else:
            self._patterns.pop(trigger.key, None)
        if pattern.waits is not before.waits:
            self._set_waiting(trigger.join_key(join), pattern.waits)

    def add_timer(self, pending: Pending) -> None:
        self._timers[pending.timer_id] = DueTimer(pending.due_ms, pending.timer_id, self.profile_id)

    def drop_timers(self, dropped: Iterable[Pending]) -> None:
        for each in dropped:
            if self._timers.pop(each.timer_id, None) is None:
                self._dropped_timers.append(each.timer_id)

    def traits(self) -> dict[str, Value]:
        """The inferred ones, by name."""
        inferred = self._inferred
        return {name: each.value for name, each in inferred.items() if each.until_ms > self._now_ms} if inferred else {}

    def infer(self, trait: str, value: Value, moment_ms: int) -> None:
        """Unless something later was inferred before."""
        inferred = self._inferred
        known = inferred.get(trait)
        if known is not None and known.until_ms > self._now_ms and known.inferred_ms > moment_ms:
            return
        until_ms = self._now_ms + INFERRED_MS
        self._traits = {**inferred, trait: InferredTrait(value, moment_ms, until_ms)}
        self._lapse_ms = min(self._lapse_ms, self._now_ms + PRUNE_EVERY_MS)

    def prune(self) -> None:
        """Leaves what can still matter."""
        for key, joins in list(self.patterns.items()):
            trigger = self._program.by_key[key]
            for join, pattern in joins.items():
                if lapse_ms(trigger, pattern) <= self._now_ms:
                    self.put(trigger, join, _pruned(trigger, pattern, self._now_ms))
        traits = self._inferred
        live = {name: each for name, each in traits.items() if each.until_ms > self._now_ms}
        if len(live) < len(traits):
            self._traits = live
        self._lapse_ms = self._next_lapse()

    def outcome(self) -> Outcome:
        return Outcome(
            state=self._new_state(),
            add_timers=tuple(self._timers.values()),
            drop_timers=tuple(self._dropped_timers),
            waiting_added=tuple(pair for pair, added in self._waiting.items() if added),
            waiting_dropped=tuple(pair for pair, added in self._waiting.items() if not added),
            firings=tuple(self.firings),
        )

    @property
    def _inferred(self) -> Mapping[str, InferredTrait]:
        return self._state.traits if self._traits is None else self._traits

    def _new_state(self) -> SubjectState:
        if self._patterns is None and self._traits is None:
            return self._state
        return SubjectState(self.profile_id, self.version, self._lapse_ms, self.patterns, self._inferred)

    def _set_waiting(self, join_key: str, waits: bool) -> None:
        # What a step adds and takes back was never there for the store.
        key = (join_key, self.profile_id)
        if self._waiting.get(key, waits) is not waits:
            del self._waiting[key]
        else:
            self._waiting[key] = waits

    def _forget_other_triggers(self) -> None:
        """What is open for triggers that are no more, or are declared otherwise now."""
        gone = {key: joins for key, joins in self._state.patterns.items() if key not in self._program.by_key}
        if not gone:
            return
        self._patterns = {key: joins for key, joins in self._state.patterns.items() if key not in gone}
        for key, joins in gone.items():
            for join, pattern in joins.items():
                self.drop_timers(pattern.pending)
                if pattern.waits:
                    self._set_waiting(f"{key.rpartition('@')[0]}\x1f{join}", waits=False)

    def _next_lapse(self) -> int:
        moments = [each.until_ms for each in self._inferred.values()]
        for key, joins in self.patterns.items():
            trigger = self._program.by_key[key]
            moments += [lapse_ms(trigger, pattern) for pattern in joins.values()]
        return max(min(moments, default=NEVER_MS), self._now_ms + PRUNE_EVERY_MS)


def lapse_ms(trigger: TriggerPlan, pattern: OpenPattern) -> int:
    """When the first part of it becomes useless: a pending completion never does."""
    moments = [pattern.matches[0].ms + trigger.keep_ms] if pattern.matches else []
    moments += [pattern.absents[0][0] + trigger.keep_ms] if pattern.absents else []
    moments += [pattern.fired[0] + trigger.cooldown_ms + trigger.lateness_ms] if pattern.fired else []
    return min(moments, default=NEVER_MS) + 1


def _pruned(trigger: TriggerPlan, pattern: OpenPattern, now_ms: int) -> OpenPattern:
    oldest_ms = now_ms - trigger.keep_ms
    matches = tuple(each for each in pattern.matches if each.ms >= oldest_ms)
    return OpenPattern(
        matches=matches,
        absents=tuple(each for each in pattern.absents if each[0] >= oldest_ms),
        pending=pattern.pending,
        fired=tuple(each for each in pattern.fired if each + trigger.cooldown_ms >= now_ms - trigger.lateness_ms),
        waits=pattern.waits and is_waiting(trigger.when, matches),
    )
