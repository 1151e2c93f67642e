"""Applications of the scoring service on one store: their models, their rewards, and all that they learnt."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

import numpy as np

from services.scoring.app.application import ScoringApplication, Stores
from services.scoring.app.models import Activation
from services.scoring.domain.base_model.content import encode, model_id
from services.scoring.domain.bayesian_scorer import BayesianScorer
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.models import ModelRecord, ModelRole
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.rewards import Reward
from tests.support.base_forests import CROSSED_SET, base_content, random_features
from tests.support.scoring import NOW_MS

CONTENT = encode(base_content())


def reward(key: str, value: float, action: str = "mug", feature_set: FeatureSet = CROSSED_SET) -> Reward:
    features = random_features(np.random.default_rng(int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)))
    return Reward(f"{key}/hero/{action}", feature_set.version, action, "EMAIL", "home", features, value, NOW_MS)


async def registered(stores: Stores, content: bytes, name: str = "") -> str:
    """Puts a model in the registry; `name` where it should go by another one than its own."""
    name = name or model_id("success", content)
    size = len(content)
    record = ModelRecord(name, "success", NOW_MS, CROSSED_SET.version, 0, NOW_MS, 2000, 400, 0, 0, (), {}, "", 20, size)
    await stores.models.put(record, content)
    return name


async def activate(app: ScoringApplication, name: str, role: ModelRole = ModelRole.CHAMPION) -> None:
    request_id = f"activate {name} {role.name} {time.monotonic_ns()}"
    await app.activate_model(request_id, Activation(name, role))


async def eventually(is_true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it never came to be"
        await asyncio.sleep(0.01)


async def using(app: ScoringApplication, name: str) -> None:
    await eventually(lambda: app.in_use.champion.model_id == name)


def posteriors(app: ScoringApplication) -> dict[str, Posterior]:
    found = {}
    for objective in ("success", "click"):
        for name in app.in_use.names(objective):
            scorer = app.in_use.find(objective, name).scorer
            assert isinstance(scorer, BayesianScorer)
            found[name] = scorer.posterior
    return found


def digests(app: ScoringApplication) -> dict[str, tuple[object, ...]]:
    """All that every model learnt, and where it is."""
    return {
        name: (
            each.position,
            each.responses,
            sorted(each.evidence.items()),
            *(
                hashlib.sha256(getattr(each, part).tobytes()).hexdigest()
                for part in ("mean", "variance", "scale_mean", "scale_variance", "level")
            ),
        )
        for name, each in posteriors(app).items()
    }
