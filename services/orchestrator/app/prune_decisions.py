"""Decisions are kept for so long; then they are deleted in the background, in small portions."""

from __future__ import annotations

import asyncio
import logging

from services.orchestrator.app.decision_index import DecisionIndex
from services.orchestrator.app.telemetry import Telemetry
from shared.background import end_if_cancelled
from shared.clock import MS_PER_DAY, Clock

AT_ONCE = 200
BETWEEN_S = 0.05
"""Between two portions: decisions that are made meanwhile have their turn at the store."""
ROUND_S = 60.0

_log = logging.getLogger("tandem.orchestrator.retention")


class PruneDecisions:
    """What is left of a decision that is gone (GoneDecision) is kept for as long again: who asks for it is told. Any
    number of replicas may prune at once."""

    def __init__(self, index: DecisionIndex, kept_days: float, telemetry: Telemetry, clock: Clock) -> None:
        """`kept_days` 0: for ever."""
        self._index = index
        self._kept_ms = int(kept_days * MS_PER_DAY)
        self._telemetry = telemetry
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while self._kept_ms:
            try:
                await self.prune()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                _log.warning("decisions are not pruned", extra={"fields": {"cause": str(failure)}})
            await asyncio.sleep(ROUND_S)

    async def prune(self) -> int:
        """All that is older than it is kept; how many decisions."""
        count, now_ms = 0, self._clock()
        while pruned := await self._index.prune(now_ms - self._kept_ms, AT_ONCE):
            count += pruned
            self._telemetry.decisions_pruned(pruned)
            await asyncio.sleep(BETWEEN_S)
        while forgotten := await self._index.forget_gone(now_ms - 2 * self._kept_ms, AT_ONCE):
            _log.debug("forgot decisions that are gone", extra={"fields": {"decisions": forgotten}})
            await asyncio.sleep(BETWEEN_S)
        if count:
            _log.info("deleted decisions older than they are kept", extra={"fields": {"decisions": count}})
        return count
