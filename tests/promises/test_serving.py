"""A serving process stays as large as it is, however much it answers and however often its model is replaced."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from services.scoring.bootstrap import bootstrap, open_stores
from services.scoring.domain.base_model.content import encode
from services.scoring.domain.scoring import ScoreQuery
from services.scoring.settings import ScoringSettings
from tests.support.base_forests import CROSSED_SET, base_content, random_features
from tests.support.promises import Promise
from tests.support.scoring import ACTIONS
from tests.support.serving import activate, registered, reward

GROWTH_MB = 24.0
"""What an allocator may keep; 70 models of 4 MB each, or their forests, are far more."""
NAMES = [action.action for action in ACTIONS]


def resident_mb() -> float:
    """Of this process, after what nobody needs is given back."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def test_memory_is_flat_over_activations_and_scores(promise: Promise, tmp_path: Path) -> None:
    activations = promise.strength(reduced=6, full=100)
    scores = promise.strength(reduced=1_200, full=1_000_000)
    settings = ScoringSettings(data_dir=tmp_path, follow_seconds=0.02, metrics_address="off")
    rng = np.random.default_rng(1)
    customers = [random_features(rng) for _ in range(500)]
    query = ScoreQuery(CROSSED_SET.version, {}, NAMES, ["WEB"] * 4, ["home"] * 4)
    async with AsyncExitStack() as stack:
        app = (await bootstrap(settings, stack)).app
        stores = await open_stores(settings, stack)
        await app.publish_feature_set("publish", CROSSED_SET)
        sizes: list[float] = []
        began = time.monotonic()
        for number in range(activations):
            content = encode(replace(base_content(), rate_log_odds=-1.0 - number / 1_000))
            name = await registered(stores, content)
            await activate(app, name)
            asked = 0
            while app.in_use.champion.model_id != name or asked < scores // activations:
                answer = await app.score(replace(query, features=customers[asked % len(customers)]))
                asked += 1
                assert np.isfinite(answer.means).all()
                await asyncio.sleep(0)  # what waits for nothing lets nobody else have a turn
                if asked % 50 == 0:
                    await app.record_rewards(f"r{number} {asked}", [reward(f"{number} {asked}", float(asked % 3 == 0))])
            assert (await app.score(query)).model_version.startswith(f"{name}@")
            sizes.append(resident_mb())
        promise.figure("activations", activations)
        promise.figure("scores", scores)
        promise.figure("resident MB after a third of them", round(sizes[activations // 3], 1))
        promise.figure("resident MB after all", round(sizes[-1], 1))
        promise.figure("seconds of activating and scoring", round(time.monotonic() - began, 1))
        assert sizes[-1] - sizes[activations // 3] < GROWTH_MB, sizes
