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
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._observe()
        self._task = asyncio.create_task(self._run(), name="scoring-follower")

    async def stop(self) -> None:
        """Ends the loop after what it is doing, and saves what was learnt since the last snapshot."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await self._snapshots.save()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_seconds)
            try:
                await self._learner.catch_up()
                await self._snapshots.save_if_due()
            except Exception as failure:  # noqa: BLE001 - the top of a background loop: the next round tries again
                _log.warning("the model does not follow the log", extra={"fields": {"cause": str(failure)}})
            self._observe()

    def _observe(self) -> None:
        self._observer.model_is(self._model.scorer.position, self._learner.age_seconds)
