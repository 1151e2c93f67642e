"""The kinds of steps of the consumer. Each works out one change, which is committed whole or not at all.

An event about a thing goes to everybody who waits for it before the log goes on: who waits is looked up when all
events before it are done. Where more wait than one commit bears, the others follow in steps of their own (FanOut).

What is too late is judged by when an event was recorded, not by when it is worked through, so that it is the same
after a crash or a long stop. Timers come at the end of the log, where the two are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.rules.app.trigger_ports import HappeningBatch, LoggedHappening, SubjectPage
from services.rules.app.trigger_store import FanOut, OpenTick, Progress, StateChange
from services.rules.app.triggers.cast import Cast, Member, Sources
from services.rules.app.triggers.play import Begin, Scene, play
from services.rules.app.triggers.program import Program
from services.rules.domain.matching import Matcher
from services.rules.domain.triggers.outcome import DueTimer


@dataclass(frozen=True, slots=True)
class Company:
    """What every step needs. `limit`: subjects that have one event about a thing in one commit, at most.

    Not `plays`: the step only moves on.
    """

    program: Program
    matcher: Matcher
    sources: Sources
    limit: int
    plays: bool = True


@dataclass(frozen=True, slots=True)
class _Observed:
    """`last`: the event up to which this went; None for all of them. `fan_out`: what is left of that one."""

    last: LoggedHappening | None = None
    fan_out: FanOut | None = None


class Act:
    """One step."""

    def __init__(self, company: Company, progress: Progress, now_ms: int) -> None:
        needs = company.program.needs
        self._company = company
        self._program = company.program
        self._rules_version = needs.rules.version
        self._cast = Cast(company.sources, needs.facts, needs.version)
        self._progress = progress
        self._now_ms = now_ms

    async def observe(self, batch: HappeningBatch) -> StateChange:
        """Events of the log, as far as one commit goes."""
        seen = await self._observe(batch.logged)
        position = batch.position if seen.last is None else seen.last.position
        return self._cast.change(replace(self._progress, position=position, fan_out=seen.fan_out), self._now_ms)

    async def take_in(self, received: Sequence[LoggedHappening]) -> StateChange:
        """Events of the inbox, as far as one commit goes."""
        seen = await self._observe(received)
        count = len(received) if seen.last is None else received.index(seen.last) + 1
        taken = [each.happening.event_id for each in received[:count]]
        return self._cast.change(replace(self._progress, fan_out=seen.fan_out), self._now_ms, taken)

    async def spread(self, fan_out: FanOut) -> StateChange:
        """An event about a thing goes on to the next who wait for it."""
        rest = await self._spread(fan_out)
        return self._cast.change(replace(self._progress, fan_out=rest), self._now_ms)

    async def ring(self, timers: Sequence[DueTimer]) -> StateChange:
        """Of the timers of one subject only the first: what comes of it may be due before the next."""
        await self._bring(timer.profile_id for timer in timers)
        scenes: dict[str, Scene] = {}
        for timer in timers:
            member = self._cast.get(timer.profile_id)
            if member is None or member.profile_id not in scenes:
                self._cast.ledger.timers[timer.timer_id] = None
            if member is not None:
                scenes.setdefault(member.profile_id, (member, self._ringing(timer)))
        await self._play(list(scenes.values()))
        return self._cast.change(self._progress, self._now_ms)

    async def tick(self, tick: OpenTick, page: SubjectPage) -> StateChange:
        """A moment of a schedule comes to some subjects."""
        await self._bring(page.profile_ids)
        await self._play([(member, self._ticking(tick)) for member in self._members(page.profile_ids)])
        return self._cast.change(_after(self._progress, tick, page.through), self._now_ms)

    async def _observe(self, events: Sequence[LoggedHappening]) -> _Observed:
        await self._bring(each.happening.profile_id for each in events if each.happening.profile_id)
        scenes: list[Scene] = []
        for logged in map(self._as_of_today, events):
            doer = self._cast.get(logged.happening.profile_id) if logged.happening.profile_id else None
            scenes += [] if doer is None else [(doer, self._observing(logged))]
            if join_keys := self._program.join_keys(logged.happening):
                await self._play(scenes)
                scenes = []
                rest = await self._spread(FanOut(logged, tuple(join_keys), ""))
                if rest is not None:
                    return _Observed(logged, rest)
        await self._play(scenes)
        return _Observed()

    async def _spread(self, fan_out: FanOut) -> FanOut | None:
        """To as many as one commit bears; answers what is left. Whoever did it had it as an event of their own."""
        logged, after, room = fan_out.logged, fan_out.after, self._company.limit
        for index, join_key in enumerate(fan_out.join_keys):
            stored = await self._company.sources.store.waiting(join_key, after, room)
            is_full = len(stored) == room
            waiting = self._cast.ledger.who_waits(stored, join_key, after, stored[-1] if is_full else "")
            await self._bring(waiting)
            others = [each for each in self._members(waiting) if each.profile_id != logged.happening.profile_id]
            await self._play([(each, self._observing(logged, join_key)) for each in others])
            if is_full:
                return FanOut(logged, fan_out.join_keys[index:], stored[-1])
            room, after = max(1, room - len(stored)), ""
        return None

    def _as_of_today(self, logged: LoggedHappening) -> LoggedHappening:
        """Of the profile into which the one that it was recorded on was merged."""
        happening = logged.happening
        doer = self._cast.get(happening.profile_id) if happening.profile_id else None
        if doer is None or doer.profile_id == happening.profile_id:
            return logged
        return replace(logged, happening=replace(happening, profile_id=doer.profile_id))

    def _members(self, profile_ids: Iterable[str]) -> list[Member]:
        """Each once, those that are gone left out."""
        found = (self._cast.get(each) for each in profile_ids)
        return list({member.profile_id: member for member in found if member is not None}.values())

    def _observing(self, logged: LoggedHappening, join_key: str = "") -> Begin:
        happening, recorded_ms = logged.happening, logged.recorded_ms
        return lambda state, facts: self._program.observe(state, happening, facts, recorded_ms, join_key)

    def _ringing(self, timer: DueTimer) -> Begin:
        return lambda state, facts: self._program.ring(state, timer, facts, self._now_ms)

    def _ticking(self, tick: OpenTick) -> Begin:
        return lambda state, facts: self._program.tick(state, tick.trigger_id, tick.tick_ms, facts)

    async def _bring(self, profile_ids: Iterable[str]) -> None:
        await self._cast.bring(profile_ids if self._company.plays else ())

    async def _play(self, scenes: Sequence[Scene]) -> None:
        await play(scenes, self._cast.ledger, self._company.matcher, self._rules_version)


def _after(progress: Progress, tick: OpenTick, through: str) -> Progress:
    if through:
        return replace(progress, tick=replace(tick, after=through))
    return replace(progress, tick=None, ticks={**progress.ticks, tick.trigger_id: tick.tick_ms})
