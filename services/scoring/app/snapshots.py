"""Snapshots of the model, so that a start does not fold the log from its beginning."""

from __future__ import annotations

import asyncio
import logging

from services.scoring.app.live_model import LiveModel
from services.scoring.app.ports import RewardLog, SnapshotStore

_log = logging.getLogger("tandem.scoring")
_DAMAGE = (ValueError, ArithmeticError, LookupError, TypeError)
"""What a snapshot may do to who reads it."""


class Snapshots:
    """Writes one every `every` rewards. Reading: one that is damaged, of another model or ahead of the log is left."""

    def __init__(self, store: SnapshotStore, model: LiveModel, every: int) -> None:
        self._store = store
        self._model = model
        self._every = every
        self._saved = model.scorer.position

    async def restore(self, log: RewardLog) -> None:
        """Puts the latest good snapshot in place, if there is one."""
        scorer, last = self._model.scorer, await log.last_position()
        for content in await self._store.latest(scorer.snapshot_id):
            try:
                restored = await asyncio.to_thread(scorer.restored, content)
                if restored.position > last:
                    raise ValueError(f"it is at position {restored.position} and the log ends at {last}")
            except _DAMAGE as error:
                _log.warning("a model snapshot is not used", extra={"fields": {"cause": str(error)}})
                continue
            self._model.replace(restored)
            self._saved = restored.position
            return

    async def advance(self, position: int) -> None:
        """Puts a snapshot in place that has learnt the entry at the position, if there is one."""
        scorer = self._model.scorer
        for content in await self._store.latest(scorer.snapshot_id):
            try:
                restored = await asyncio.to_thread(scorer.restored, content)
            except _DAMAGE as error:
                _log.warning("a model snapshot is not used", extra={"fields": {"cause": str(error)}})
                continue
            if restored.position >= position:
                self._model.replace(restored)
                return

    async def save_if_due(self) -> None:
        if self._model.scorer.position - self._saved >= self._every:
            await self.save()

    async def save(self) -> None:
        """Nothing where nothing was learnt since the last one."""
        with self._model.held() as scorer:
            snapshot_id, position = scorer.snapshot_id, scorer.position
            if position == self._saved:
                return
            content = await asyncio.to_thread(scorer.snapshot)
        await self._store.save(snapshot_id, position, content)
        self._saved = position
