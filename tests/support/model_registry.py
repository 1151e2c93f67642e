"""Small models for the registry, and presentations that they predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.scoring.app.application import Stores
from services.scoring.domain.base_model.columns import ForestColumns
from services.scoring.domain.base_model.content import ModelContent, encode, model_id
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE
from services.scoring.domain.health.reference import FeatureReference, to_plain
from services.scoring.domain.models import ModelRecord
from services.scoring.domain.reward_batch import RewardBatch
from services.scoring.domain.rewards import Prediction, Reward
from shared.values import Feature
from tests.support.scoring import ANNA, NOW_MS, reward

BATCH = 1_000


def rate_model(
    rate: float,
    objective: str = DEFAULT_OBJECTIVE,
    reference: Mapping[str, FeatureReference] | None = None,
    *,
    train_time_ms: int = NOW_MS,
) -> tuple[ModelRecord, bytes]:
    """A base without a forest: it says the same of everybody."""
    log_odds = float(np.log(rate / (1 - rate)))
    content = encode(
        ModelContent(objective, ForestColumns((), {}, ()), log_odds, 0, reference=to_plain(reference or {}))
    )
    name = model_id(objective, content)
    record = ModelRecord(
        name, objective, train_time_ms, "", NOW_MS, NOW_MS, 10, 1, 0, 0, (), {"auc": 0.5}, "", 0, len(content)
    )
    return record, content


async def put_model(stores: Stores, rate: float, **changes: object) -> str:
    record, content = rate_model(rate, **changes)  # type: ignore[arg-type]
    await stores.models.put(record, content)
    return record.model_id


def predicted(
    champion: Mapping[str, float],
    truth: float,
    count: int,
    *,
    seed: int = 1,
    choice_probability: float = 0.5,
    time_ms: int = NOW_MS,
    features: Mapping[str, Feature] = ANNA,
    name: str = "p",
) -> list[Reward]:
    """Presentations with rewards at the true rate. `champion` maps one or two model ids, the champion's first, to what
    they said.
    """
    rewards = np.random.default_rng(seed).random(count) < truth
    (mine, said), *shadow = champion.items()
    prediction = Prediction(f"{mine}@1", said, choice_probability)
    if shadow:
        prediction = replace(prediction, shadow_version=f"{shadow[0][0]}@1", shadow_propensity=shadow[0][1])
    return [
        replace(
            reward(f"{name}{index}/hero", float(came), features=features), reward_time_ms=time_ms, prediction=prediction
        )
        for index, came in enumerate(rewards.tolist())
    ]


async def append(stores: Stores, rewards: Sequence[Reward], name: str = "batch") -> None:
    for start in range(0, len(rewards), BATCH):
        items = tuple(rewards[start : start + BATCH])
        await stores.rewards.append(RewardBatch(f"{name}-{items[0].reward_key}-{start}", "hash", items, NOW_MS))
