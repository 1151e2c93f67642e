"""Scoring by a model as it was at a position of the reward log: a past state, made again.

It starts from the nearest state before the position, of those that are kept (snapshots, and the last one that was asked
for), or from the model's beginning, and learns the log up to the position. Who asks for many begins with the earliest:
then the log is read once.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.learn import steps_of
from services.scoring.app.live_model import Step, folded
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import FeatureSetStore, ModelStore, RewardLog, Scorer, SnapshotStore
from services.scoring.app.score import check_columns
from services.scoring.domain.rewards import ErasedEntry, LogEntry
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import FailedPrecondition, InvalidArgument, NotFound

_PAGE = 1_000
_KEPT = 4
"""Models of which a past state is kept, some megabytes each."""
_VERSION = re.compile(r"([!-?A-~]{1,100})@(0|[1-9][0-9]{0,17})")


@dataclass(slots=True)
class _Past:
    """A model at the position it was asked for last; `feature_sets` are compiled for it."""

    scorer: Scorer
    feature_sets: FeatureSets


class Rescorer:
    """`prototype` makes all models."""

    def __init__(
        self,
        rewards: RewardLog,
        snapshots: SnapshotStore,
        registry: ModelStore,
        feature_sets: FeatureSetStore,
        objectives: Objectives,
        prototype: Scorer,
    ) -> None:
        self._rewards = rewards
        self._snapshots = snapshots
        self._registry = registry
        self._store = feature_sets
        self._objectives = objectives
        self._prototype = prototype
        self._kept: OrderedDict[str, _Past] = OrderedDict()
        self._turn = asyncio.Lock()

    async def __call__(self, query: ScoreQuery, model_version: str) -> Scores:
        """One at a time: learning a log again is work. Raises NotFound for an unknown feature set or model,
        InvalidArgument for what the fields must not be, FailedPrecondition (MODEL_STATE_GONE) for a position that
        cannot be reached."""
        check_columns(query)
        match = _VERSION.fullmatch(model_version)
        if match is None:
            raise InvalidArgument.field("model_version", 'must be "<model id>@<position>"')
        async with self._turn:
            past = await self._model(match[1], query.feature_set_version)
            await self._reach(past, int(match[2]))
            compiled = await past.feature_sets.get(query.feature_set_version)
            return await asyncio.to_thread(past.scorer.score, compiled, query)

    async def _model(self, model_id: str, feature_set_version: str) -> _Past:
        past = self._kept.get(model_id)
        if past is None:
            scorer = await self._untaught(model_id, feature_set_version)
            past = self._kept[model_id] = _Past(scorer, FeatureSets(self._store, scorer.compiler))
        self._kept.move_to_end(model_id)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return past

    async def _untaught(self, model_id: str, feature_set_version: str) -> Scorer:
        objective = await self._objectives.of(feature_set_version)
        if objective is not None and model_id == self._prototype.id_without_base(objective):
            return self._prototype.untaught(objective)
        try:
            content = await self._registry.content(model_id)
            if content is not None:
                return await asyncio.to_thread(self._prototype.over, content)
        except ValueError as damage:
            text = f"model {model_id} cannot be used: {damage}"
            raise FailedPrecondition("MODEL_DAMAGED", text, metadata={"model_id": model_id}) from damage
        text = f"there is no model {model_id!r}, or not any more"
        raise NotFound("MODEL_NOT_FOUND", text, metadata={"model_id": model_id})

    async def _reach(self, past: _Past, position: int) -> None:
        """Each page that was learnt stays learnt, also where the caller gives up."""
        last = await self._rewards.last_position()
        if position > last:
            raise _gone(past.scorer, position, f"the reward log ends at {last}")
        if past.scorer.position != position:
            past.scorer = await self._nearest(past.scorer, position)
        while past.scorer.position < position:
            entries = await self._rewards.read(past.scorer.position, _PAGE)
            entries = [entry for entry in entries if entry.position <= position]
            erased = next((entry.position for entry in entries if isinstance(entry, ErasedEntry)), None)
            if erased is not None:
                raise _gone(past.scorer, position, f"the entry {erased} of the reward log was erased")
            steps = await self._steps(past, entries)
            past.scorer = await asyncio.to_thread(_learnt, past.scorer, steps, entries[-1].position)

    async def _nearest(self, scorer: Scorer, position: int) -> Scorer:
        """The latest state that is not behind the position."""
        states = [scorer] if scorer.position <= position else []
        for content in await self._snapshots.latest(scorer.snapshot_id):
            try:
                states.append(await asyncio.to_thread(scorer.restored, content))
            except ValueError:
                continue  # a damaged one is no state; who uses it in earnest says so
        states = [state for state in states if state.position <= position]
        if not states:
            states = [await self._beginning(scorer)]
        nearest = max(states, key=lambda state: state.position)
        if nearest.position > position:
            raise _gone(scorer, position, f"the model begins at {nearest.position}")
        return nearest

    async def _beginning(self, scorer: Scorer) -> Scorer:
        if scorer.model_id == self._prototype.id_without_base(scorer.objective):
            return self._prototype.untaught(scorer.objective)
        content = await self._registry.content(scorer.model_id)
        assert content is not None, "models are not removed from the registry"
        return await asyncio.to_thread(self._prototype.over, content)

    async def _steps(self, past: _Past, entries: Sequence[LogEntry | ErasedEntry]) -> list[Step]:
        objective = past.scorer.objective
        mine = [
            entry
            for entry in entries
            if isinstance(entry, LogEntry) and await self._objectives.of(entry.reward.feature_set_version) == objective
        ]
        steps, _ = await steps_of(mine, past.feature_sets)
        return steps


def _learnt(scorer: Scorer, steps: Sequence[Step], position: int) -> Scorer:
    """For a thread: a copy, for who gave up waiting may leave it half way. What it could not learn then it skips."""
    copy, _ = folded(scorer, steps)
    if copy.position < position:
        copy.skip(position)
    return copy


def _gone(scorer: Scorer, position: int, why: str) -> FailedPrecondition:
    return FailedPrecondition(
        "MODEL_STATE_GONE",
        f"model {scorer.model_id} as it was at {position} cannot be had any more: {why}",
        metadata={"model_id": scorer.model_id, "position": str(position)},
    )
