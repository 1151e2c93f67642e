"""Brings rewards to the scoring service, as often as it takes.

A reward waits in the outbox from the moment its outcome is durable until the scoring service has acknowledged it, so
nothing that was acknowledged is lost for learning. Delivering twice is harmless: the latest reward of a key counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from services.orchestrator.app.outcome_store import OutcomeStore, PendingReward
from services.orchestrator.app.ports import Reward, RewardSink
from services.orchestrator.app.telemetry import Telemetry
from shared.clock import Clock
from shared.errors import DeadlineExceeded, Internal, ResourceExhausted, TandemError, Unavailable
from shared.ids import content_id

BATCH = 500
DELIVERY_MS = 5_000
"""How long the scoring service may take for one batch."""
RETRY_MS = 1_000
"""After a failed delivery, and between the rounds of the background loop."""

_PASSING = (Unavailable, DeadlineExceeded, ResourceExhausted, Internal)

_log = logging.getLogger("tandem.orchestrator.rewards")


class RewardCourier:
    """One delivery at a time, so that of two rewards of a key the later one arrives last."""

    def __init__(self, outcomes: OutcomeStore, sink: RewardSink, telemetry: Telemetry, clock: Clock) -> None:
        self._outcomes = outcomes
        self._sink = sink
        self._telemetry = telemetry
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
        except (TimeoutError, *_PASSING) as failure:
            await self._rest(failure)

    async def run(self) -> None:
        """Delivers what is left over, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_MS / 1000)
            try:
                await self._deliver_all(self._clock() + DELIVERY_MS)
            except Exception as failure:  # noqa: BLE001 - the top of a background loop
                await self._rest(failure)

    async def _deliver_all(self, deadline_ms: int) -> None:
        async with self._delivering:
            while rewards := await self._outcomes.pending(BATCH):
                await self._deliver(rewards, deadline_ms)
            self._telemetry.rewards_pending(0)

    async def _deliver(self, rewards: Sequence[PendingReward], deadline_ms: int) -> None:
        """A reward that is refused for good is given up, so that it does not hold back the others."""
        request_id = content_id("rewards", [(reward.reward_key, reward.revision) for reward in rewards])
        try:
            await self._sink.record_rewards(request_id, [_as_sent(each) for each in rewards], deadline_ms=deadline_ms)
        except _PASSING:
            raise
        except TandemError as refusal:
            if len(rewards) > 1:
                middle = len(rewards) // 2
                await self._deliver(rewards[:middle], deadline_ms)
                await self._deliver(rewards[middle:], deadline_ms)
                return
            _log.error("a reward was refused", extra={"fields": {"cause": refusal.message, "reason": refusal.reason}})
        await self._outcomes.mark_delivered(rewards)

    async def _rest(self, failure: BaseException) -> None:
        self._rests_until_ms = self._clock() + RETRY_MS
        _log.warning("rewards wait", extra={"fields": {"cause": str(failure) or type(failure).__name__}})
        try:
            self._telemetry.rewards_pending(await self._outcomes.count_pending())
        except TandemError as unknown:
            _log.warning("how many is unknown", extra={"fields": {"cause": unknown.message}})


def _as_sent(reward: PendingReward) -> Reward:
    shown = reward.presentation
    return Reward(
        reward.reward_key,
        shown.feature_set_version,
        shown.action,
        shown.channel,
        shown.placement_id,
        shown.features,
        reward.value,
        reward.time_ms,
    )
