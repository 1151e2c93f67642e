"""What requests were answered is kept for 30 days; then it is deleted in the background, in small portions.

Answers name profiles and decisions, and are found by request id alone: an erasure cannot reach them, and they are not
kept for longer than callers try again. What a call did stays done: outcomes, conversions and touches have keys of their
own, which are kept for as long as they are.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from shared.background import end_if_cancelled
from shared.clock import MS_PER_DAY, Clock

KEPT_MS = 30 * MS_PER_DAY
AT_ONCE = 1_000
BETWEEN_S = 0.05
"""Between two portions: calls that come meanwhile have their turn at the store."""
ROUND_S = 600.0

_log = logging.getLogger("tandem.orchestrator.receipts")


class ReceiptBox(Protocol):
    """The receipts of all calls. Raises Unavailable when the store does not answer."""

    async def prune(self, before_ms: int, limit: int) -> int:
        """Deletes the oldest of those from before a moment; how many."""
        ...


class PruneReceipts:
    """Any number of replicas may prune at once."""

    def __init__(self, receipts: ReceiptBox, clock: Clock) -> None:
        self._receipts = receipts
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.prune()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                _log.warning("receipts are not pruned", extra={"fields": {"cause": str(failure)}})
            await asyncio.sleep(ROUND_S)

    async def prune(self) -> None:
        """All that are older than they are kept."""
        while pruned := await self._receipts.prune(self._clock() - KEPT_MS, AT_ONCE):
            _log.debug("deleted receipts", extra={"fields": {"receipts": pruned}})
            await asyncio.sleep(BETWEEN_S)
