"""Recording rewards: into the log, durably, and into the model, before anything is answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.models_in_use import ModelsInUse
from services.scoring.app.ports import Observer, RewardLog
from services.scoring.domain.compiled import unknown_action
from services.scoring.domain.customer import read_features
from services.scoring.domain.reward_batch import Appended, RewardBatch, RewardOutcome
from services.scoring.domain.rewards import Reward, check_reward
from shared.clock import Clock
from shared.errors import InvalidArgument, NotFound
from shared.ids import content_hash

MAX_REWARDS = 1_000
_TURN = 20
"""Items that are looked at in about a millisecond."""

RewardItem = Reward | RewardOutcome
"""As it arrived: a reward, or why it could not be read."""


@dataclass(frozen=True, slots=True)
class RecordRewards:
    """The use case; see `__call__`."""

    log: RewardLog
    feature_sets: FeatureSets
    models: ModelsInUse
    observer: Observer
    clock: Clock

    async def __call__(self, request_id: str, items: Sequence[RewardItem]) -> tuple[RewardOutcome, ...]:
        """One outcome per item, in order. A repeated request is answered as before and changes nothing.

        Raises AlreadyExists where the id was used for other rewards, InvalidArgument for too many or no items.
        """
        if not 1 <= len(items) <= MAX_REWARDS:
            raise InvalidArgument.field("rewards", f"must have 1 to {MAX_REWARDS} items, not {len(items)}")
        body_hash = await asyncio.to_thread(_body_hash, items) if len(items) > _TURN else _body_hash(items)
        receipt = await self.log.receipt(request_id)
        if receipt is not None:
            receipt.require_body(request_id, body_hash)
            await self.models.catch_up()
            return receipt.outcomes
        checked = tuple([await self._checked(item, index) for index, item in enumerate(items)])
        appended = await self.log.append(RewardBatch(request_id, body_hash, checked, self.clock()))
        await self.models.take(appended.entries)
        self.observer.rewarded(_results(appended))
        return appended.receipt.outcomes

    async def _checked(self, item: RewardItem, index: int) -> RewardItem:
        if index % _TURN == _TURN - 1:
            await asyncio.sleep(0)  # a long batch lets other calls have their turn
        if isinstance(item, RewardOutcome):
            return item
        path = f"rewards[{index}]"
        try:
            now_ms = self.clock()
            check_reward(item, path, now_ms)
            compiled = await self.feature_sets.get(item.feature_set_version, f"{path}.feature_set_version")
            if item.action not in compiled.rows:
                raise unknown_action(f"{path}.action", item.action)
            if item.value is not None and not compiled.prior_value:
                text = "must be unset: its feature set has no prior_value, so the objective learns no amounts"
                raise InvalidArgument.field(f"{path}.value", text)
            features = read_features(compiled.features, item.features, f"{path}.features")
            await self.models.ready(compiled.objective)
            time_ms = now_ms if item.reward_time_ms is None else item.reward_time_ms
            return replace(item, features=features, reward_time_ms=time_ms)
        except (InvalidArgument, NotFound) as error:
            return RewardOutcome(item.reward_key, error=error)


def _body_hash(items: Sequence[RewardItem]) -> str:
    return content_hash([item if isinstance(item, Reward) else (item.reward_key, str(item.error)) for item in items])


def _results(appended: Appended) -> Counter[str]:
    """How many items had which result; none where the request was a repeated one."""
    if appended.is_repeat:
        return Counter()
    results = Counter("learnt" if entry.previous_reward is None else "corrected" for entry in appended.entries)
    outcomes = appended.receipt.outcomes
    results["duplicate"] = sum(outcome.is_duplicate for outcome in outcomes)
    results["refused"] = sum(outcome.error is not None for outcome in outcomes)
    return results
