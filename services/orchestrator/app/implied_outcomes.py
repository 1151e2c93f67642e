"""Nobody responded: what was presented and not responded to within its window is IGNORED.

The window and what it comes to were stored with the outcome that showed the presentation, so nothing has to be looked
up when it is over, and a crash forgets nothing. Every replica runs the job: a contact is taken by whoever marks it
first, in the transaction that stores the outcome.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from services.orchestrator.app.outcome_store import Implied
from services.orchestrator.app.telemetry import Telemetry
from shared.background import end_if_cancelled
from shared.clock import Clock

PAUSE_S = 1.0
BATCH = 200

_log = logging.getLogger("tandem.orchestrator.implied_outcomes")


class ImpliedOutcomeStore(Protocol):
    """Durable when a method returns; every method raises Unavailable when the store does not answer."""

    async def unanswered(self, now_ms: int, limit: int) -> tuple[Implied, ...]:
        """What contacts come to whose window is over without a response, longest ago first."""
        ...

    async def imply(self, implied: Sequence[Implied]) -> tuple[Implied, ...]:
        """Stores those for which nobody responded meanwhile, each once over all replicas, and their reports in the
        contact outbox; answers them."""
        ...


class ImpliedOutcomes:
    def __init__(self, store: ImpliedOutcomeStore, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            try:
                await self.imply_all()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                _log.warning("responses wait", extra={"fields": {"cause": str(failure) or type(failure).__name__}})

    async def imply_all(self) -> None:
        """All whose window is over by now."""
        while due := await self._store.unanswered(self._clock(), BATCH):
            now_ms = self._clock()
            dated = [replace(each, outcome=replace(each.outcome, capture_time_ms=now_ms)) for each in due]
            for implied in await self._store.imply(dated):
                self._telemetry.captured(implied.outcome.item.outcome)
