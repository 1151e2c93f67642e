"""A replica in a process of its own, for tests that kill it: takes units from a stock as fast as it can.

    python -m tests.support.volume_replica <folder> <amount> [mongo uri, database]

Every unit it has, spent durably, it tells by a line on stdout that is out before it takes the next one. It ends when
nothing is left. Its leases live as long as any.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from services.orchestrator.bootstrap import open_stores
from services.orchestrator.settings import OrchestratorSettings
from shared.clock import system_clock
from shared.settings import StoreKind
from tests.support.volume import beat, holding, resource, units

PAUSE_S = 0.001
BEATS_EVERY = 25
"""Units: a busy replica beats more often than by the clock, to be killed at every stage of it."""


async def take_all(settings: OrchestratorSettings, amount: float) -> None:
    async with AsyncExitStack() as stack:
        bank = (await open_stores(settings, stack)).bank
        mine = await holding(bank, resource(amount), system_clock())
        taken = 0
        while await mine.take(units(1), system_clock()):
            os.write(1, b"1\n")
            taken += 1
            await asyncio.sleep(PAUSE_S)
            if taken % BEATS_EVERY == 0:
                await beat(bank, mine, system_clock())
        await mine.close()


def settings_of(folder: str, mongo: list[str]) -> OrchestratorSettings:
    if mongo:
        return OrchestratorSettings(store=StoreKind.MONGO, mongo_uri=mongo[0], mongo_database=mongo[1])
    return OrchestratorSettings(data_dir=Path(folder))


if __name__ == "__main__":
    asyncio.run(take_all(settings_of(sys.argv[1], sys.argv[3:]), float(sys.argv[2])))
