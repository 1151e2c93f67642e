"""A replica in a process of its own, for tests that kill it: folds decisions that are due, few at once.

    python -m tests.support.pressure_replica <folder> [mongo uri, database]

It says on stdout when it begins, and ends when nothing is due any more.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack

from services.orchestrator.app.pressure import fold
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.settings import OrchestratorSettings
from tests.support.pressure import LATER_MS, folding
from tests.support.volume_replica import settings_of

AT_ONCE = 3


async def fold_all(settings: OrchestratorSettings) -> None:
    fold.BATCH, fold.BETWEEN_S = AT_ONCE, 0.0  # to be killed at every stage of many small rounds
    async with AsyncExitStack() as stack:
        stores = await open_stores(settings, stack)
        os.write(1, b"folding\n")
        fold_due = folding(stores, lambda: LATER_MS)
        while await stores.feedback.pressure.due(LATER_MS, 1):
            await fold_due(LATER_MS + 1)


if __name__ == "__main__":
    asyncio.run(fold_all(settings_of(sys.argv[1], sys.argv[2:])))
