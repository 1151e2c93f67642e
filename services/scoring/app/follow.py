"""The background loop: other replicas' rewards every second, snapshots, and the age of the model."""

from __future__ import annotations

import asyncio
import logging

from services.scoring.app.learn import Learner
from services.scoring.app.live_model import LiveModel
from services.scoring.app.ports import Observer
from services.scoring.app.snapshots import Snapshots

_log = logging.getLogger("tandem.scoring")


class Follower:
    def __init__(
        self, learner: Learner, snapshots: Snapshots, model: LiveModel, observer: Observer, interval_seconds: float
    ) -> None:
        self._learner = learner
        self._snapshots = snapshots
        self._model = model
        self._observer = observer
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._observe()
        self._task = asyncio.create_task(self._run(), name="scoring-follower")

    async def stop(self) -> None:
        """Ends the loop after what it is doing, and saves what was learnt since the last snapshot.

        Not by cancelling: the MongoDB driver swallows a cancellation at times, and the loop would go on.
        """
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
        await self._snapshots.save()

    async def _run(self) -> None:
        while not await self._pause():
            try:
                await self._learner.catch_up()
                await self._snapshots.save_if_due()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                _log.warning("the model does not follow the log", extra={"fields": {"cause": str(failure)}})
            self._observe()

    async def _pause(self) -> bool:
        """Waits for the next round; True where there is none."""
        try:
            await asyncio.wait_for(self._stopping.wait(), self._interval_seconds)
        except TimeoutError:
            return False
        return True

    def _observe(self) -> None:
        self._observer.model_is(self._model.scorer.position, self._learner.age_seconds)
