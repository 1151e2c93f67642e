"""A deployment's log of rewards with known tastes, to train from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scoring.app.application import Stores
from services.scoring.domain.feature_set import (
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.reward_batch import RewardBatch
from services.scoring.domain.rewards import LogEntry, Reward
from shared.values import AttributeType, Feature, present

START_MS = 1_760_000_000_000
MINUTE_MS = 60_000
BRANDS = ("acme", "bolt", "zest")
FEATURES = (
    FeatureDeclaration("age", AttributeType.INT),
    FeatureDeclaration("tier", AttributeType.STRING),
    FeatureDeclaration("brands", AttributeType.STRING_LIST),
)
ACTIONS = tuple(
    ActionDeclaration(f"item_{index}", f"group_{index % 2}", "sell", {"brand": BRANDS[index % 3], "price": 5.0 * index})
    for index in range(6)
)
LIKES = CrossDeclaration("likes_brand", CrossKind.CONTAINS, "brands", "brand")


def tastes(objective: str = "success", **changes: object) -> FeatureSet:
    """Of the customers below."""
    return FeatureSet(FEATURES, ACTIONS, 0.1, objective, crosses=(LIKES,), **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Presentations in the order of time, and the probability that each succeeds."""

    rewards: tuple[Reward, ...]
    probability: NDArray[np.float64]


def planted(rows: int, seed: int = 0, feature_set: FeatureSet | None = None, *, gain: float = 1.0) -> Planted:
    """The young like cheap things, everybody the brands they know; without `gain` nobody likes anything."""
    feature_set, rng = feature_set or tastes(), np.random.default_rng(seed)
    rewards, probabilities = [], []
    for row in range(rows):
        age, action = int(rng.integers(18, 80)), feature_set.actions[rng.integers(len(feature_set.actions))]
        brands = tuple(brand for brand in BRANDS if rng.random() < 0.5)
        tier = "gold" if rng.random() < 0.3 else "basic"
        features: dict[str, Feature] = {"age": present(age), "tier": present(tier), "brands": present(brands)}
        likes = action.attributes["brand"] in brands
        log_odds = -1.5 + gain * (2.0 * likes - 0.04 * (age - 45) + 0.5 * (tier == "gold") - 1.0)
        probability = 1.0 / (1.0 + np.exp(-log_odds))
        key = f"decision_{seed}_{row}/hero/{action.action}/WEB"
        reward = float(rng.random() < probability)
        time_ms = START_MS + row * MINUTE_MS
        rewards.append(
            Reward(key, feature_set.version, action.action, "WEB", "hero", features, reward, time_ms),
        )
        probabilities.append(probability)
    return Planted(tuple(rewards), np.array(probabilities))


def entries_of(rewards: Sequence[Reward], first: int = 1) -> list[LogEntry]:
    """As the log would have them."""
    worth: dict[str, float] = {}
    entries = []
    for position, reward in enumerate(rewards, first):
        entries.append(LogEntry(position, reward, worth.get(reward.reward_key)))
        worth[reward.reward_key] = reward.reward
    return entries


async def append(stores: Stores, feature_set: FeatureSet, rewards: Sequence[Reward], request: str = "r") -> None:
    """Into a store, with the feature set they belong to."""
    await stores.feature_sets.put(f"{request}-{feature_set.version}", feature_set)
    for start in range(0, len(rewards), 500):
        page = tuple(rewards[start : start + 500])
        await stores.rewards.append(RewardBatch(f"{request}-{start}", f"{start}", page, START_MS))
