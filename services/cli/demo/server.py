"""The server of a demo run: one process, its own ports, its own fresh embedded stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.failures import CommandFailed
from services.cli.processes.child import (
    Child,
    ChildEnded,
    ChildIsSlow,
    ChildPlan,
    environment_without_settings,
    free_address,
)

START_SECONDS = 60.0
STOP_SECONDS = 30.0


@asynccontextmanager
async def fresh_server(directory: Path, environ: Mapping[str, str]) -> AsyncIterator[str]:
    """Runs `python -m services` with its stores and its log in `directory`; yields its address.

    Raises CommandFailed where it does not start.
    """
    address, log = free_address(), directory / "server.log"
    settings = {
        "TANDEM_LISTEN_ADDRESS": address,
        "TANDEM_METRICS_ADDRESS": "off",
        "TANDEM_DATA_DIR": str(directory / "stores"),
    }
    plan = ChildPlan("the server", "services", address, settings)
    with log.open("wb") as output:
        child = await Child.start(plan, inherits=environment_without_settings(environ), output=output)
        try:
            await child.until_serving(START_SECONDS)
            yield address
        except (ChildEnded, ChildIsSlow) as error:
            raise CommandFailed("SERVER_FAILED", f"{error}; its last words: {_last_words(log)}") from error
        finally:
            await child.stop(STOP_SECONDS)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "none"
