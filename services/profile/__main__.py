"""The profile service alone: `python -m services.profile`."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

from services.profile.bootstrap import bootstrap
from services.profile.settings import ProfileSettings
from shared.lifecycle import run_service
from shared.rpc.server import serve


async def start(settings: ProfileSettings, stack: AsyncExitStack) -> None:
    components = await bootstrap(settings, stack)
    await serve([components.binding], settings, stack)


if __name__ == "__main__":
    sys.exit(run_service(ProfileSettings, start, sys.argv[1:]))
