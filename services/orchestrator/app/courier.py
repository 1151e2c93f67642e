"""Brings what waits in an outbox to the service it is for, as often as it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from shared.background import end_if_cancelled
from shared.clock import Clock
from shared.errors import Aborted, DeadlineExceeded, Internal, ResourceExhausted, TandemError, Unavailable

DELIVERY_MS = 5_000
"""How long a round of the background loop may take with one batch."""
RETRY_MS = 1_000
"""After a failed delivery, and between the rounds of the background loop."""

PASSING = (Unavailable, DeadlineExceeded, ResourceExhausted, Internal, Aborted)
"""Failures that another try may not meet."""

_log = logging.getLogger("tandem.orchestrator.courier")


class Errand(Protocol):
    """One outbox and where it goes."""

    @property
    def name(self) -> str:
        """Of what it brings, in the plural."""
        ...

    async def deliver_all(self, deadline_ms: int) -> None:
        """Until nothing waits. Raises one of PASSING when it cannot go on; what was not delivered still waits then."""
        ...

    async def count_waiting(self) -> int: ...

    def tell(self, waiting: int) -> None:
        """Operators, how many wait."""
        ...


class Courier:
    """One delivery at a time, so that of two that speak of the same thing the later one arrives last."""

    def __init__(self, errand: Errand, clock: Clock) -> None:
        self._errand = errand
        self._clock = clock
        self._delivering = asyncio.Lock()
        self._rests_until_ms = 0

    async def deliver_now(self, within_ms: int) -> None:
        """Tries once. What cannot be delivered stays in the outbox; callers need not know."""
        if self._clock() < self._rests_until_ms:
            return
        try:
            async with asyncio.timeout(within_ms / 1000):
                await self._deliver_all(self._clock() + within_ms)
        except (TimeoutError, *PASSING) as failure:
            await self._rest(failure)

    async def run(self) -> None:
        """Delivers what is left over, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_MS / 1000)
            try:
                await self._deliver_all(self._clock() + DELIVERY_MS)
            except Exception as failure:  # noqa: BLE001 - the top of a background loop
                end_if_cancelled()
                await self._rest(failure)

    async def _deliver_all(self, deadline_ms: int) -> None:
        async with self._delivering:
            await self._errand.deliver_all(deadline_ms)
            self._errand.tell(0)

    async def _rest(self, failure: BaseException) -> None:
        self._rests_until_ms = self._clock() + RETRY_MS
        _log.warning(f"{self._errand.name} wait", extra={"fields": {"cause": str(failure) or type(failure).__name__}})
        try:
            self._errand.tell(await self._errand.count_waiting())
        except TandemError as unknown:
            _log.warning("how many is unknown", extra={"fields": {"cause": unknown.message}})
