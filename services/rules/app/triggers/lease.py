"""The lease of the one process that works through triggers, renewed while it works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.rules.app.trigger_store import LeaseStore
from shared.background import end, end_if_cancelled
from shared.clock import Clock
from shared.errors import Aborted, TandemError

_log = logging.getLogger("tandem.rules.triggers")


class Lease:
    def __init__(self, store: LeaseStore, holder: str, lease_ms: int, clock: Clock) -> None:
        self._store = store
        self._holder = holder
        self._lease_ms = lease_ms
        self._clock = clock
        self._is_lost = False

    @asynccontextmanager
    async def held(self) -> AsyncIterator[int | None]:
        """The fencing number, or None where another process has the lease."""
        fence = await self._acquire()
        if fence is None:
            yield None
            return
        self._is_lost = False
        renewing = asyncio.create_task(self._renew(fence), name="trigger-lease")
        try:
            yield fence
        finally:
            await end(renewing)

    def check(self) -> None:
        """Raises Aborted where it is lost. Commits compare the fence by themselves."""
        if self._is_lost:
            raise Aborted("CONCURRENT_CHANGE", "another process has taken over")

    async def release(self) -> None:
        """So that another process need not wait for its end."""
        try:
            await self._store.release(self._holder)
        except TandemError as failure:
            _log.info("the lease ends by itself", extra={"fields": {"cause": failure.message}})

    async def _acquire(self) -> int | None:
        return await self._store.acquire(self._holder, self._clock(), self._lease_ms)

    async def _renew(self, fence: int) -> None:
        while not self._is_lost:
            await asyncio.sleep(self._lease_ms / 3_000)
            try:
                self._is_lost = await self._acquire() != fence
            except TandemError as failure:  # the store is away; the lease may still be ours when it is back
                end_if_cancelled()
                _log.info("the lease cannot be renewed", extra={"fields": {"cause": failure.message}})
