"""A world for triggers that a test turns by hand: a log, profiles, erasures and time in memory, a real store."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.rules.app.trigger_ports import (
    Erasure,
    HappeningBatch,
    InferredTrait,
    LoggedHappening,
    ProfilePorts,
    SubjectFacts,
    SubjectPage,
)
from services.rules.app.trigger_store import Sizes, StateChange, TriggerStores
from services.rules.app.triggers.consumer import Consumer
from services.rules.app.triggers.desk import TriggerDesk
from services.rules.app.triggers.program import Program
from services.rules.app.triggers.programs import Programs
from services.rules.app.triggers.schedules import oldest_due
from services.rules.app.triggers.world import TriggerOptions, TriggerWorld
from services.rules.domain.matching import Matcher
from services.rules.domain.rule_set import RuleSet
from services.rules.domain.triggers.outcome import Firing, Happening
from shared.background import end
from shared.clock import MS_PER_DAY
from shared.errors import InvalidArgument, TandemError, Unavailable
from shared.values import Feature, Value, present
from tests.support.kleene_matcher import KleeneMatcher

START_MS = 1_780_000_000_000 // MS_PER_DAY * MS_PER_DAY
PATIENCE_S = 20.0


@dataclass(slots=True)
class People:
    """Implements every port of the profile service."""

    facts_of: dict[str, dict[str, Feature]] = field(default_factory=dict)
    merged_into: dict[str, str] = field(default_factory=dict)
    log: list[LoggedHappening] = field(default_factory=list)
    erased: list[Erasure] = field(default_factory=list)
    written: list[InferredTrait] = field(default_factory=list)
    refusals: dict[str, TandemError] = field(default_factory=dict)
    failures: list[TandemError] = field(default_factory=list)
    """Raised by the next calls."""
    calls: Counter[str] = field(default_factory=Counter)
    conditions: list[str] = field(default_factory=list)
    refused_condition: str = ""

    def ports(self) -> ProfilePorts:
        return ProfilePorts(self, self, self, self)

    def knows(self, profile_id: str, **facts: Value) -> None:
        self.facts_of[profile_id] = {name: present(value) for name, value in facts.items()}

    def records(self, *happenings: Happening, recorded_ms: int | None = None) -> None:
        for happening in happenings:
            moment_ms = happening.event_ms if recorded_ms is None else recorded_ms
            self.log.append(LoggedHappening(str(len(self.log) + 1), moment_ms, happening))
            if happening.profile_id and happening.profile_id not in self.merged_into:
                self.facts_of.setdefault(happening.profile_id, {})

    def erases(self, profile_id: str) -> None:
        self.facts_of.pop(profile_id, None)
        self.erased.append(Erasure(str(len(self.erased) + 1), (profile_id,)))

    async def end(self) -> str:
        return str(len(self.log))

    async def read(self, after: str, types: Sequence[str], limit: int) -> HappeningBatch:
        self._fail_or_count("read")
        found = [each for each in self.log[int(after) :] if each.happening.type in types]
        taken = tuple(found[:limit])
        is_end = len(found) <= limit
        return HappeningBatch(taken, str(len(self.log)) if is_end else taken[-1].position, is_end and not taken)

    async def facts(self, profile_ids: Sequence[str], names: Sequence[str]) -> Mapping[str, SubjectFacts]:
        self._fail_or_count("facts")
        today = {each: self.merged_into.get(each, each) for each in profile_ids}
        return {each: self._facts(owner, names) for each, owner in today.items() if owner in self.facts_of}

    def _facts(self, profile_id: str, names: Sequence[str]) -> SubjectFacts:
        known = {name: value for name, value in self.facts_of[profile_id].items() if name in names}
        former = tuple(each for each, owner in self.merged_into.items() if owner == profile_id)
        return SubjectFacts(profile_id, known, former)

    async def subjects_where(self, condition: str, after: str, limit: int) -> SubjectPage:
        self._fail_or_count("search")
        self.conditions.append(condition)
        if condition == self.refused_condition:
            raise InvalidArgument.field("condition", "is not understood")
        found = [each for each in sorted(self.facts_of) if each > after]
        return SubjectPage(tuple(found[:limit]), found[limit - 1] if len(found) > limit else "")

    async def write(self, request_id: str, traits: Sequence[InferredTrait]) -> Sequence[TandemError | None]:
        self._fail_or_count("write")
        refused = [self.refusals.get(each.profile_id) for each in traits]
        self.written += [each for each, refusal in zip(traits, refused, strict=True) if refusal is None]
        return refused

    async def erasures(self, after: str) -> Sequence[Erasure]:
        return self.erased[int(after or 0) :]

    def _fail_or_count(self, call: str) -> None:
        self.calls[call] += 1
        if self.failures:
            raise self.failures.pop(0)


@dataclass(slots=True)
class Notes:
    """Implements TriggerTelemetry."""

    steps: list[tuple[str, int]] = field(default_factory=list)
    skips: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lag_s: float = -1
    sizes: Sizes | None = None
    pending: int = -1

    def stepped(self, kind: str, seconds: float, events: int, change: StateChange) -> None:
        self.steps.append((kind, events))

    def lags(self, seconds: float) -> None:
        self.lag_s = seconds

    def sized(self, sizes: Sizes) -> None:
        self.sizes = sizes

    def skipped(self, kind: str, count: int) -> None:
        self.skips[kind] += count

    def traits_pending(self, firings: int) -> None:
        self.pending = firings

    def trait_refused(self, reason: str) -> None:
        self.refused[reason] += 1


class OnlyRuleSet:
    """Implements RuleSetStore, as far as triggers ask it: every version is there."""

    async def get(self, version: str) -> RuleSet | None:
        return None if version == "rs_unknown" else RuleSet()


@dataclass(slots=True)
class World:
    """One replica; others on the same store and people: `replica`."""

    stores: TriggerStores
    programs: Mapping[str, Program]
    people: People = field(default_factory=People)
    notes: Notes = field(default_factory=Notes)
    matcher: Matcher = field(default_factory=KleeneMatcher)
    options: TriggerOptions = field(default_factory=lambda: TriggerOptions(lease_ms=60_000))
    now_ms: list[int] = field(default_factory=lambda: [START_MS])

    def replica(self, **changes: Any) -> World:
        return replace(self, **{"notes": Notes(), "matcher": KleeneMatcher(), **changes})

    def open(self) -> tuple[Consumer, TriggerDesk]:
        def clock() -> int:
            return self.now_ms[0]

        rule_sets: Any = OnlyRuleSet()
        programs = Programs(rule_sets, lambda _, version: self.programs[version], self.matcher)
        world = TriggerWorld(self.stores, self.people.ports(), programs, self.matcher, self.notes, clock, self.options)
        return Consumer(world), TriggerDesk(self.stores, self.people, programs, clock, world.bell)

    async def activate(self, version: str = "rs_1") -> None:
        await self.open()[1].activate(f"activate {version} {self.now_ms[0]}", version)

    async def work(self) -> list[Firing]:
        """Until nothing is left to do; all that fired so far."""
        consumer, _ = self.open()
        running = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await self._is_done():
                    assert not running.done(), running
                    await asyncio.sleep(0.02)
        finally:
            await end(running)
        return list(await self.stores.firings.firings(0, 10_000))

    async def _is_done(self) -> bool:
        head = await self.stores.states.head()
        progress = head.progress
        is_quiet = progress.fan_out is None and progress.tick is None and not progress.swept
        is_read = progress.position == str(len(self.people.log)) and not await self.stores.inbox.pending(1)
        is_swept = progress.sweep_ms + MS_PER_DAY > self.now_ms[0]
        is_told = progress.erasures == (str(len(self.people.erased)) if self.people.erased else "")
        is_rung = not await self.stores.states.due(self.now_ms[0], 1)
        schedules = self.programs[head.version].needs.schedules
        is_ticked = oldest_due(schedules, head, self.now_ms[0]) is None
        is_brought = await self.stores.firings.delivered() == await self.stores.firings.last_firing()
        return is_quiet and is_read and is_swept and is_told and is_rung and is_ticked and is_brought


UNAVAILABLE = Unavailable("DEPENDENCY_UNAVAILABLE", "the profile service does not answer")
