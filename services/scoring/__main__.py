"""`python -m services.scoring`: the scoring service alone."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

from services.scoring.bootstrap import bootstrap
from services.scoring.settings import ScoringSettings
from shared.lifecycle import run_service
from shared.rpc.server import serve


async def start(settings: ScoringSettings, stack: AsyncExitStack) -> None:
    components = await bootstrap(settings, stack)
    await serve([components.binding], settings, stack)


if __name__ == "__main__":
    sys.exit(run_service(ScoringSettings, start, sys.argv[1:]))
