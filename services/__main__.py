"""All four services in one process on one gRPC port: `python -m services`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

from services.local.settings import LocalSettings
from services.local.wiring import bootstrap
from shared import lifecycle, logging
from shared.rpc.server import RunningServer, serve


def run(settings: LocalSettings, on_ready: Callable[[RunningServer], None]) -> int:
    """Serves until SIGTERM or SIGINT; answers the exit code. `on_ready` is told the addresses once it serves."""
    logging.configure(settings.log_level)

    async def start_and_tell(stack: AsyncExitStack) -> None:
        on_ready(await start(settings, stack))

    return lifecycle.run(start_and_tell)


async def start(settings: LocalSettings, stack: AsyncExitStack) -> RunningServer:
    components = await bootstrap(settings, stack)
    return await serve(components.bindings, settings, stack)


if __name__ == "__main__":
    sys.exit(lifecycle.run_service(LocalSettings, start, sys.argv[1:]))
