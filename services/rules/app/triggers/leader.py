"""What the holder of the lease does, step by step; each step is one commit.

    the log first, then the inbox; at the end of both: timers that are due, then moments of schedules

Timers wait for the end of the log: what calls one off may still be in it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.rules.app.trigger_ports import HappeningBatch, SubjectPage
from services.rules.app.trigger_store import Head, OpenTick, StateChange
from services.rules.app.triggers.acts import Act, Company
from services.rules.app.triggers.cast import Sources
from services.rules.app.triggers.caution import Caution
from services.rules.app.triggers.program import Program
from services.rules.app.triggers.schedules import CAUGHT_UP_MS, oldest_due, skipped
from services.rules.app.triggers.sweep import PAGE, is_due, swept
from services.rules.app.triggers.world import TriggerWorld
from shared.clock import MS_PER_SECOND
from shared.errors import Aborted, InvalidArgument

EVERYBODY = "true"
NOTE_MS = MS_PER_SECOND
"""How often the end of the log is noted while it brings nothing, and word of erasures is asked for."""
SIZES_MS = 30 * MS_PER_SECOND

_log = logging.getLogger("tandem.rules.triggers")


class Leader:
    """Of one term; it ends with the first failure."""

    def __init__(self, world: TriggerWorld, head: Head, program: Program, caution: Caution) -> None:
        self._world = world
        self._head = head
        self._program = program
        self._caution = caution
        self._sources = Sources(world.stores.states, world.profile.facts)
        self._next_ms: dict[str, int] = {}

    @classmethod
    async def start(cls, world: TriggerWorld, fence: int, caution: Caution) -> Leader | None:
        """None where no triggers are active yet. Raises Aborted where the lease is lost already."""
        head = await world.stores.states.head()
        if head.fence != fence:
            raise Aborted("CONCURRENT_CHANGE", "another process has taken over")
        if not head.version:
            return None
        return cls(world, head, await world.programs.get(head.version), caution)

    async def step(self) -> bool:
        """False where nothing was to do. Raises Aborted where somebody took over or activated another rule set."""
        if await self._forget() or await self._spread():
            return True
        batch = await self._read()
        if batch.logged:
            await self._observe(batch)
            return True
        if await self._take_in() or not batch.is_end:
            return True
        self._world.telemetry.lags(0)
        is_busy = await self._ring() or await self._skip() or await self._tick() or await self._sweep()
        return is_busy or await self._rest(batch.position)

    async def _read(self) -> HappeningBatch:
        types, position = self._program.needs.event_types, self._head.progress.position
        if types:
            return await self._world.profile.feed.read(position, types, self._caution.limit)
        # Nothing is read of the log, and yet its events are over when another rule set is activated.
        end = await self._world.profile.feed.end() if self._is_time("end", NOTE_MS) else position
        return HappeningBatch((), end, is_end=True)

    async def _observe(self, batch: HappeningBatch) -> None:
        await self._commit("log", len(batch.logged), lambda act: act.observe(batch))
        waited_ms = self._world.clock() - batch.logged[-1].recorded_ms
        self._world.telemetry.lags(max(0, waited_ms) / MS_PER_SECOND)

    async def _take_in(self) -> bool:
        happenings = await self._world.stores.inbox.pending(self._caution.limit)
        if happenings:
            await self._commit("inbox", len(happenings), lambda act: act.take_in(happenings))
        return bool(happenings)

    async def _spread(self) -> bool:
        fan_out = self._head.progress.fan_out
        if fan_out is not None:
            await self._commit("fan_out", 0, lambda act: act.spread(fan_out))
        return fan_out is not None

    async def _ring(self) -> bool:
        timers = await self._world.stores.states.due(self._world.clock(), self._caution.limit)
        if timers:
            await self._commit("timers", len(timers), lambda act: act.ring(timers))
        return bool(timers)

    async def _skip(self) -> bool:
        """Moments that were missed for too long, and word of schedules that are gone."""
        schedules, progress, now_ms = self._program.needs.schedules, self._head.progress, self._world.clock()
        late = skipped(schedules, self._head, now_ms)
        ticks = {each: done_ms for each, done_ms in progress.ticks.items() if each in schedules}
        ticks |= dict.fromkeys(late, now_ms - CAUGHT_UP_MS)
        if ticks == progress.ticks:
            return False
        for trigger_id in late:
            _log.warning("a schedule was missed for too long", extra={"fields": {"trigger": trigger_id}})
        self._world.telemetry.skipped("schedule", len(late))
        await self._apply("schedule", 0, StateChange(replace(progress, ticks=ticks), now_ms))
        return True

    async def _tick(self) -> bool:
        tick = self._head.progress.tick or oldest_due(self._program.needs.schedules, self._head, self._world.clock())
        if tick is None:
            return False
        page = await self._page(tick)
        await self._commit("schedule", len(page.profile_ids), lambda act: act.tick(tick, page))
        return True

    async def _page(self, tick: OpenTick) -> SubjectPage:
        if tick.trigger_id not in self._program.needs.schedules:  # begun by a rule set before
            return SubjectPage((), "")
        facts, limit = self._world.profile.facts, self._caution.limit
        condition = self._program.candidates(tick.trigger_id)
        try:
            return await facts.subjects_where(condition, tick.after, limit)
        except InvalidArgument as refusal:
            _log.warning("a schedule asks everybody", extra={"fields": {"cause": refusal.message}})
            return await facts.subjects_where(EVERYBODY, tick.after, limit)

    async def _forget(self) -> bool:
        """Whom the profile service erased."""
        if not self._is_time("erasures", NOTE_MS):
            return False
        progress = self._head.progress
        erasures = await self._world.profile.erasures.erasures(progress.erasures)
        if not erasures:
            return False
        forgotten = [profile_id for erasure in erasures for profile_id in erasure.profile_ids]
        moved_on = replace(progress, erasures=erasures[-1].position)
        await self._apply("erasure", 0, StateChange(moved_on, self._world.clock(), forgotten=forgotten))
        self._next_ms.pop("erasures")
        return True

    async def _sweep(self) -> bool:
        now_ms = self._world.clock()
        if not is_due(self._head.progress, now_ms):
            return False
        page = await self._world.stores.states.page(self._head.progress.swept, PAGE)
        change = swept(self._program, page, self._head.progress, now_ms)
        await self._apply("sweep", len(page), change)
        return True

    async def _rest(self, position: str) -> bool:
        if self._is_time("sizes", SIZES_MS):
            self._world.telemetry.sized(await self._world.stores.states.sizes(self._world.clock()))
        progress = self._head.progress
        if position != progress.position and self._is_time("position", NOTE_MS):
            await self._apply("log", 0, StateChange(replace(progress, position=position), self._world.clock()))
        elif (await self._world.stores.states.head()).revision != self._head.revision:
            raise Aborted("CONCURRENT_CHANGE", "another rule set was activated, or another process has taken over")
        return False

    async def _commit(self, kind: str, count: int, work: Callable[[Act], Awaitable[StateChange]]) -> None:
        started = time.monotonic()
        limit, skips = self._caution.limit, self._caution.skips
        company = Company(self._program, self._world.matcher, self._sources, limit, plays=not skips)
        change = await work(Act(company, self._head.progress, self._world.clock()))
        await self._apply(kind, count, change, started)
        if skips:
            _log.error("skipped what fails every time", extra={"fields": {"kind": kind, "count": count}})
            self._world.telemetry.skipped(kind, count)

    async def _apply(self, kind: str, count: int, change: StateChange, started: float | None = None) -> None:
        before = time.monotonic() if started is None else started
        self._head = await self._world.stores.states.commit(self._head, change)
        self._world.telemetry.stepped(kind, time.monotonic() - before, count, change)
        if change.firings or change.taken:
            self._world.bell.ring()

    def _is_time(self, name: str, every_ms: int) -> bool:
        now_ms = self._world.clock()
        if now_ms < self._next_ms.get(name, 0):
            return False
        self._next_ms[name] = now_ms + every_ms
        return True
