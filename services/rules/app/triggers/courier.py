"""Brings inferred traits to the profile service, in the order in which they were inferred, as often as it takes.

A trait that the profile service will never take (the person is gone, the trait is declared no longer) is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.rules.app.trigger_ports import InferredTrait
from services.rules.app.triggers.bell import wait
from services.rules.app.triggers.world import TriggerWorld
from services.rules.domain.triggers.outcome import Firing
from shared.background import end, end_if_cancelled
from shared.errors import (
    Aborted,
    DeadlineExceeded,
    Internal,
    PermissionDenied,
    ResourceExhausted,
    TandemError,
    Unauthenticated,
    Unavailable,
)
from shared.ids import content_id

PAGE = 500
IDLE_S = 0.5
RETRY_S = 1.0
TRIM_MS = 3_600_000
PASSING = (Unavailable, DeadlineExceeded, ResourceExhausted, Internal, Aborted, Unauthenticated, PermissionDenied)
"""Failures that another try may not meet."""

_log = logging.getLogger("tandem.rules.triggers")


class TraitCourier:
    """Runs where triggers are worked through. One that was superseded may bring something a second time: the profile
    service lets the newest observation count."""

    def __init__(self, world: TriggerWorld) -> None:
        self._world = world
        self._trimmed_ms = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name="trait-courier")
        try:
            yield
        finally:
            await end(task)

    async def _run(self) -> None:
        while True:
            ring = self._world.bell.next_ring()
            try:
                await self.deliver_all()
                await self._trim()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop
                cause = str(failure) or type(failure).__name__
                _log.warning("inferred traits wait", extra={"fields": {"cause": cause}})
                end_if_cancelled()
                await asyncio.sleep(RETRY_S)
            await wait(ring, IDLE_S)

    async def deliver_all(self) -> None:
        """Until none waits. Raises one of PASSING where it cannot go on."""
        log = self._world.stores.firings
        done = await log.delivered()
        while page := await log.firings(done, PAGE):
            for batch in _batches([firing for firing in page if firing.trait]):
                await self._deliver(batch)
            done = page[-1].number
            await log.set_delivered(done)
            self._world.telemetry.traits_pending(await log.last_firing() - done)

    async def _deliver(self, batch: Sequence[Firing]) -> None:
        traits = [InferredTrait(each.profile_id, each.trait, each.payload[each.trait], each.fired_ms) for each in batch]
        request_id = content_id("infer", [each.firing_id for each in batch])
        try:
            refusals = await self._world.profile.traits.write(request_id, traits)
        except PASSING:
            raise
        except TandemError as refusal:
            if len(batch) > 1:  # all of them for one: each by itself
                for firing in batch:
                    await self._deliver([firing])
                return
            refusals = [refusal]
        for each in refusals:
            if isinstance(each, PASSING):
                raise each
            if each is not None:
                self._world.telemetry.trait_refused(each.reason)

    async def _trim(self) -> None:
        now_ms = self._world.clock()
        if now_ms < self._trimmed_ms + TRIM_MS:
            return
        self._trimmed_ms = now_ms
        await self._world.stores.firings.trim(now_ms - self._world.options.retention_ms)


def _batches(firings: Sequence[Firing]) -> list[list[Firing]]:
    """In order; nobody twice in one, so that of two traits of a person the later one comes later."""
    batches: list[list[Firing]] = []
    seen: set[str] = set()
    for firing in firings:
        if not batches or firing.profile_id in seen:
            batches.append([])
            seen = set()
        batches[-1].append(firing)
        seen.add(firing.profile_id)
    return batches
