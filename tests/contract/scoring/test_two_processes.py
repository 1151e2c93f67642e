"""Two processes on one store, at the same time: one log without gaps, one posterior."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from services.scoring.settings import ScoringSettings

PROCESS = """
import asyncio, hashlib, sys
from contextlib import AsyncExitStack
from services.scoring.bootstrap import bootstrap
from services.scoring.settings import ScoringSettings
from tests.support.scoring import FEATURE_SET, reward

async def main(name):
    async with AsyncExitStack() as stack:
        app = (await bootstrap(ScoringSettings(), stack)).app
        await app.publish_feature_set(name, FEATURE_SET)
        for number in range(30):
            rewards = [reward(f"{name}{number}-{index}", float(index == 0)) for index in range(3)]
            await app.record_rewards(f"{name}{number}", rewards)
            await asyncio.sleep(0.002)
        for _ in range(1000):
            if app.scorer.position >= 180:
                break
            await asyncio.sleep(0.02)
        posterior = app.scorer.posterior
        digest = hashlib.sha256(posterior.mean.tobytes() + posterior.variance.tobytes()).hexdigest()
        print(app.model_version, digest, sorted(posterior.evidence.items()))

asyncio.run(main(sys.argv[1]))
"""


async def test_two_processes_reach_the_same_model(settings: ScoringSettings) -> None:
    running = [start(settings, name) for name in ("one", "two")]
    outputs = await asyncio.gather(*(asyncio.to_thread(process.communicate, timeout=60) for process in running))
    assert [process.returncode for process in running] == [0, 0]
    (first, _), (second, _) = outputs
    assert first == second
    assert "@180 " in first
    assert "('mug', 180)" in first


def start(settings: ScoringSettings, name: str) -> subprocess.Popen[str]:
    own = {"STORE": settings.store.value, "DATA_DIR": str(settings.data_dir), "MONGO_DATABASE": settings.mongo_database}
    own |= {"FOLLOW_SECONDS": "0.05"}
    if settings.mongo_uri is not None:
        own["MONGO_URI"] = settings.mongo_uri.get_secret_value()
    environment = os.environ | {f"TANDEM_SCORING_{key}": value for key, value in own.items()}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen([sys.executable, "-c", PROCESS, name], stdout=subprocess.PIPE, text=True, env=environment)
