"""Erases what the orchestrator and, through it, the scoring service keep of a person.

The profile service erases first and says so in its feed; a courier takes that in and carries it out, and once more
after a while: a decision or a reward that was under way during the erasure may have been recorded just after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from services.orchestrator.app.erasures import DueErasure, ErasureFeed, ErasureStore, RewardEraser
from services.orchestrator.app.telemetry import Telemetry
from shared.background import end_if_cancelled
from shared.clock import Clock
from shared.ids import content_id

PAGE = 500
"""Decisions erased at once."""
CALL_MS = 5_000
PAUSE_S = 1.0
SECOND_ROUND_MS = 60_000
"""Longer than any decision takes that had read the person before the erasure."""

Forget = Callable[[Sequence[str]], Awaitable[None]]
"""Erases what is kept by profile and leads to no decision. Idempotent."""

_log = logging.getLogger("tandem.orchestrator.erasures")


class EraseSubjectData:
    def __init__(
        self, store: ErasureStore, rewards: RewardEraser, clock: Clock, forgetting: Sequence[Forget] = ()
    ) -> None:
        self._store = store
        self._forgetting = forgetting
        self._rewards = rewards
        self._clock = clock

    async def __call__(self, profile_ids: Sequence[str]) -> tuple[str, ...]:
        """Answers the decisions that were erased. Idempotent. Raises Unavailable: try again."""
        erased: list[str] = []
        for forget in self._forgetting:
            await forget(profile_ids)
        while decision_ids := await self._store.decisions_of(profile_ids, PAGE):
            await self.erase_decisions(decision_ids)
            erased += decision_ids
        # After the decisions: the history of contacts leads to those that were pruned.
        await self._store.erase_told(profile_ids)
        return tuple(erased)

    async def erase_decisions(self, decision_ids: Sequence[str]) -> None:
        """Also of decisions that are gone: what was learnt from them, and what came after them."""
        for start in range(0, len(decision_ids), PAGE):
            page = list(decision_ids[start : start + PAGE])
            deadline_ms = self._clock() + CALL_MS
            # The rewards first: a decision that is gone could not be found again after a crash.
            await self._store.hold_rewards(page)
            await self._rewards.erase_rewards(content_id("erase", page), page, deadline_ms=deadline_ms)
            await self._store.erase(page)


class ErasureCourier:
    """Follows the profile service's erasures."""

    def __init__(
        self,
        feed: ErasureFeed,
        store: ErasureStore,
        erase: EraseSubjectData,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._feed = feed
        self._store = store
        self._erase = erase
        self._telemetry = telemetry
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE_S)
            try:
                await self.take_in()
                await self.carry_out()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                end_if_cancelled()
                _log.warning("erasures wait", extra={"fields": {"cause": str(failure) or type(failure).__name__}})

    async def take_in(self) -> None:
        """Everything the feed has."""
        after = await self._store.position()
        while notices := await self._feed.erasures(after, deadline_ms=self._clock() + CALL_MS):
            await self._store.take(notices, self._clock())
            after = notices[-1].position

    async def carry_out(self) -> None:
        """What is due by now."""
        while due := await self._store.due(self._clock(), PAGE):
            for erasure in due:
                await self._carry_out(erasure)

    async def _carry_out(self, erasure: DueErasure) -> None:
        erased = await self._erase(erasure.profile_ids)
        self._telemetry.decisions_erased(len(erased))
        if erasure.decision_ids is None:
            await self._store.reschedule(erasure.erasure_id, erased, self._clock() + SECOND_ROUND_MS)
            return
        await self._erase.erase_decisions(erasure.decision_ids)
        await self._store.finish(erasure.erasure_id)
