"""The background loop: other replicas' rewards every second, snapshots, the models assigned, and their age."""

from __future__ import annotations

import asyncio
import logging

from services.scoring.app.models_in_use import ModelsInUse

_log = logging.getLogger("tandem.scoring")


class Follower:
    def __init__(self, models: ModelsInUse, interval_seconds: float) -> None:
        self._models = models
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._models.observe()
        self._task = asyncio.create_task(self._run(), name="scoring-follower")

    async def stop(self) -> None:
        """Ends the loop after what it is doing, and saves what was learnt since the last snapshot.

        Not by cancelling: the MongoDB driver swallows a cancellation at times, and the loop would go on.
        """
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
        await self._models.close()

    async def _run(self) -> None:
        while not await self._pause():
            try:
                await self._models.follow()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                _log.warning("the models do not follow the log", extra={"fields": {"cause": str(failure)}})

    async def _pause(self) -> bool:
        """Waits for the next round; True where there is none."""
        try:
            await asyncio.wait_for(self._stopping.wait(), self._interval_seconds)
        except TimeoutError:
            return False
        return True
