"""Brings rewards to the scoring service.

A reward waits in the outbox from the moment its outcome is durable until the scoring service has acknowledged it, so
nothing that was acknowledged is lost for learning. Delivering twice is harmless: the latest reward of a key counts.
What there is no basis for learning from ends here.

Failures of objectives with a window become due one by one (`domain.feedback_delay`). The courier's rounds, one a
second, bring what is due by then together; a timer for each would bring them one at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from services.orchestrator.app.courier import PASSING, Courier
from services.orchestrator.app.learning_consent import LearningConsent
from services.orchestrator.app.outcome_store import OutcomeStore, PendingReward
from services.orchestrator.app.ports import Reward, RewardSink
from services.orchestrator.app.telemetry import Telemetry
from services.orchestrator.domain.outcome import MICROS
from shared.clock import Clock
from shared.errors import TandemError
from shared.ids import content_id

BATCH = 500

_log = logging.getLogger("tandem.orchestrator.rewards")


def reward_courier(
    outcomes: OutcomeStore, sink: RewardSink, consent: LearningConsent, telemetry: Telemetry, clock: Clock
) -> Courier:
    return Courier(_Rewards(outcomes, sink, consent, telemetry, clock), clock)


class _Rewards:
    """Implements Errand."""

    name = "rewards"

    def __init__(
        self,
        outcomes: OutcomeStore,
        sink: RewardSink,
        consent: LearningConsent,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._outcomes = outcomes
        self._sink = sink
        self._consent = consent
        self._telemetry = telemetry
        self._clock = clock

    async def deliver_all(self, deadline_ms: int) -> None:
        while rewards := await self._outcomes.pending(BATCH, self._clock()):
            permitted = await self._consent.permitted(rewards, deadline_ms=deadline_ms)
            await self._withhold([each for each, may in zip(rewards, permitted, strict=True) if not may])
            await self._deliver([each for each, may in zip(rewards, permitted, strict=True) if may], deadline_ms)

    async def count_waiting(self) -> int:
        return await self._outcomes.count_pending(self._clock())

    def tell(self, waiting: int) -> None:
        self._telemetry.rewards_pending(waiting)

    async def _withhold(self, rewards: Sequence[PendingReward]) -> None:
        if rewards:
            await self._outcomes.mark_delivered(rewards)
            self._telemetry.rewards_withheld(len(rewards))

    async def _deliver(self, rewards: Sequence[PendingReward], deadline_ms: int) -> None:
        """A reward that is refused for good is given up, so that it does not hold back the others."""
        if not rewards:
            return
        request_id = content_id("rewards", [(reward.reward_key, reward.revision) for reward in rewards])
        try:
            await self._sink.record_rewards(request_id, [_as_sent(each) for each in rewards], deadline_ms=deadline_ms)
        except PASSING:
            raise
        except TandemError as refusal:
            if len(rewards) > 1:
                middle = len(rewards) // 2
                await self._deliver(rewards[:middle], deadline_ms)
                await self._deliver(rewards[middle:], deadline_ms)
                return
            _log.error("a reward was refused", extra={"fields": {"cause": refusal.message, "reason": refusal.reason}})
        await self._outcomes.mark_delivered(rewards)


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
        shown.prediction,
        None if reward.amount is None else reward.amount / MICROS,
    )
