"""A model follows the reward log: strictly in order, every entry once, wherever it was appended.

Entries of other objectives are passed by: the model's position is that of the log, whatever it learnt of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import takewhile

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.live_model import LiveModel, Skipped, Step
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import Observer, RewardLog
from services.scoring.app.snapshots import Snapshots
from services.scoring.domain.rewards import LogEntry
from shared.clock import Clock
from shared.errors import TandemError

_PAGE = 256
_log = logging.getLogger("tandem.scoring")


class Ended(Exception):
    """The service stops: what is left of the log is learnt after the next start."""


class Learner:
    """`feature_sets` are those of the model. From when `ending` is set, the log is read no further."""

    def __init__(
        self,
        log: RewardLog,
        objectives: Objectives,
        feature_sets: FeatureSets,
        model: LiveModel,
        snapshots: Snapshots,
        clock: Clock,
        ending: asyncio.Event,
        observer: Observer,
    ) -> None:
        self._log = log
        self._objectives = objectives
        self._feature_sets = feature_sets
        self._model = model
        self._snapshots = snapshots
        self._clock = clock
        self._ending = ending
        self._observer = observer
        self._turn = asyncio.Lock()
        self._learnt_ms = clock()

    @property
    def age_seconds(self) -> float:
        """Since the model last learnt, or since it began to follow the log here."""
        return max(0.0, (self._clock() - self._learnt_ms) / 1000)

    async def catch_up(self) -> None:
        """Folds what the log has and the model has not. Raises Ended."""
        async with self._turn:
            await self._catch_up()

    async def take(self, entries: Sequence[LogEntry]) -> None:
        """Folds entries that were just appended, and those of other replicas before them."""
        if not entries:
            return
        async with self._turn:
            if entries[0].position == self._model.scorer.position + 1:
                await self._fold(entries)
            elif entries[-1].position > self._model.scorer.position:
                await self._catch_up()

    async def _catch_up(self) -> None:
        while entries := await self._log.read(self._model.scorer.position, _PAGE):
            if self._ending.is_set():
                raise Ended("the service stops")
            there = list(takewhile(lambda entry: isinstance(entry, LogEntry), entries))
            await self._fold([entry for entry in there if isinstance(entry, LogEntry)])
            if len(there) < len(entries):
                await self._pass_by(entries[len(there)].position)

    async def _pass_by(self, position: int) -> None:
        """An entry was erased before this model learnt it: the snapshot made just before the erasure has."""
        await self._snapshots.advance(position)
        if self._model.scorer.position < position:
            self._model.skip(position)

    async def _fold(self, entries: Sequence[LogEntry]) -> None:
        objective = self._model.scorer.objective
        mine = [e for e in entries if await self._objectives.of(e.reward.feature_set_version) == objective]
        if mine:
            steps, skipped = await steps_of(mine, self._feature_sets)
            skipped += await self._model.fold(steps)
            self._learnt_ms = self._clock()
            if skipped:
                self._tell(objective, skipped)
        if entries and self._model.scorer.position < entries[-1].position:
            self._model.skip(entries[-1].position)

    def _tell(self, objective: str, skipped: Sequence[Skipped]) -> None:
        self._observer.not_learnt(objective, len(skipped))
        first = min(skipped, key=lambda each: each.position)
        about = {
            "objective": objective,
            "model": self._model.scorer.model_id,
            "entries": len(skipped),
            "first_position": first.position,
            "cause": repr(first.fault),
        }
        _log.error("a model cannot learn rewards and skips them", exc_info=first.fault, extra={"fields": about})


async def steps_of(entries: Sequence[LogEntry], feature_sets: FeatureSets) -> tuple[list[Step], list[Skipped]]:
    """With their feature sets; an entry whose feature set the model cannot compile is skipped."""
    steps: list[Step] = []
    skipped: list[Skipped] = []
    for entry in entries:
        try:
            steps.append((await feature_sets.get(entry.reward.feature_set_version), entry))
        except (TandemError, MemoryError):
            raise
        except Exception as fault:  # noqa: BLE001 - see `live_model`
            skipped.append(Skipped(entry.position, fault))
    return steps, skipped
