"""The rules service alone: `python -m services.rules`."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

from services.rules.bootstrap import bootstrap
from services.rules.settings import RulesSettings
from shared.lifecycle import run_service
from shared.rpc.server import serve


async def start(settings: RulesSettings, stack: AsyncExitStack) -> None:
    components = await bootstrap(settings, stack)
    await serve([components.binding], settings, stack)


if __name__ == "__main__":
    sys.exit(run_service(RulesSettings, start, sys.argv[1:]))
