"""One training, from the reward log to the registry, in the process that does it.

The work is done in a thread of its own, so that the loop can say every few seconds that the training lives. What was
done is kept after every block of rounds: whoever trains the same objective in the same way within the hour goes on
from there, on the same part of the log.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from services.scoring.app.own_thread import in_own_thread
from services.scoring.app.ports import FeatureSetStore, ModelStore, RewardLog, TrainingStore
from services.scoring.app.training_order import KeptProgress, ProgressShelf, TrainingOrder
from services.scoring.domain.base_model.content import encode, model_id
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.models import ModelRecord, Training, TrainingState
from services.scoring.domain.rewards import LogEntry
from services.scoring.domain.training.forest_learner import Course, ForestLearner, Progress
from services.scoring.domain.training.from_rewards import CannotLearn, LearntModel, learn_from_rewards
from services.scoring.domain.training.presentations import PresentationReader, Presentations
from shared.clock import Clock
from shared.errors import TandemError

BEAT_SECONDS = 3.0
RESUME_MS = 3_600_000
"""Older work is not gone on from: the log has grown."""
_DAY_MS = 86_400_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a training works with. `made_with`: versions of libraries, for the lineage."""

    rewards: RewardLog
    feature_sets: FeatureSetStore
    models: ModelStore
    trainings: TrainingStore
    shelf: ProgressShelf
    learner: ForestLearner
    made_with: Mapping[str, str]
    clock: Clock


Told = Callable[[Progress], None]
"""Told, in another thread, how far a training is."""


class TrainingRun:
    """`training` is the one that was begun."""

    def __init__(self, workshop: Workshop, training: Training, order: TrainingOrder, told: Told | None = None) -> None:
        self._workshop = workshop
        self._training = training
        self._order = order
        self._told = told
        self._rounds = 0
        self._is_over = threading.Event()

    async def __call__(self) -> Training:
        """How it ended; the store knows, too. Cancelled, it is FAILED. Raises Unavailable where the store is away."""
        try:
            async with self._beating():
                ended = await self._trained()
        except CannotLearn as refusal:
            return await self._end(TrainingState.FAILED, message=str(refusal))
        except asyncio.CancelledError:
            with suppress(TandemError):
                await self._end(TrainingState.FAILED, message="it was interrupted")
            raise
        except Exception as failure:
            with suppress(TandemError):
                await self._end(TrainingState.FAILED, message=f"{type(failure).__name__}: {failure}")
            raise
        finally:
            self._is_over.set()
        return ended

    async def _trained(self) -> Training:
        work, order = self._workshop, self._order
        kept = await asyncio.to_thread(self._resumable)
        through = kept.through if kept else await work.rewards.last_position()
        since_ms = kept.since_ms if kept else (work.clock() - order.days * _DAY_MS if order.days else 0)
        feature_set, found = await self._read(through, since_ms)

        def course_of(rows: str) -> Course:
            digest = f"{rows} {sorted(work.made_with.items())}"
            base = KeptProgress(order, through, since_ms, work.clock(), digest, Progress(0, 0, 0.0, 0, ""))
            done = kept.progress if kept and kept.digest == digest else None
            return Course(done, lambda so_far: self._tell(replace(base, kept_ms=work.clock(), progress=so_far)))

        def learn() -> tuple[LearntModel, bytes]:
            learnt = learn_from_rewards(found, feature_set, work.learner, order.seed, course_of)
            return learnt, encode(learnt.content)

        learnt, content = await in_own_thread(learn)
        record = await self._record(learnt, content, feature_set.version, through)
        await work.models.put(record, content)
        await asyncio.to_thread(work.shelf.clear, order.objective)
        message = "" if learnt.trees else "no forest is better than the rate: the base is the rate alone"
        self._rounds = learnt.trees or self._rounds
        return await self._end(TrainingState.SUCCEEDED, model_id=record.model_id, message=message)

    async def _read(self, through: int, since_ms: int) -> tuple[FeatureSet, Presentations]:
        """The presentations of the objective, and the feature set of the newest. Raises CannotLearn."""
        reader, newest, position = PresentationReader(since_ms), None, 0
        sets: dict[str, FeatureSet | None] = {}
        while position < through:
            entries = await self._workshop.rewards.read(position, min(_PAGE, through - position))
            if not entries:
                break
            for entry in entries:
                if not isinstance(entry, LogEntry):
                    continue
                version = entry.reward.feature_set_version
                if version not in sets:
                    sets[version] = await self._feature_set(version)
                mine = sets[version]
                if mine is not None:
                    reader.add(entry, mine)
                    newest = mine
            position = entries[-1].position
            await asyncio.sleep(0)
        if newest is None:
            raise CannotLearn(f"the log has no reward of the objective {self._order.objective!r}")
        return newest, await asyncio.to_thread(reader.presentations)

    async def _feature_set(self, version: str) -> FeatureSet | None:
        """None where it is of another objective."""
        found = await self._workshop.feature_sets.get(version)
        return found if found is not None and found.objective == self._order.objective else None

    async def _record(self, learnt: LearntModel, content: bytes, version: str, through: int) -> ModelRecord:
        objective, models = self._order.objective, self._workshop.models
        return ModelRecord(
            model_id=model_id(objective, content),
            objective=objective,
            train_time_ms=self._workshop.clock(),
            feature_set_version=version,
            window_start_ms=learnt.window_start_ms,
            window_end_ms=learnt.window_end_ms,
            rows=learnt.rows,
            positives=learnt.positives,
            trained_through=through,
            learns_after=learnt.content.learns_after,
            features=learnt.content.columns.names,
            metrics=learnt.metrics,
            parent=(await models.assignment(objective)).champion,
            trees=learnt.trees,
            bytes=len(content),
            lineage={**learnt.lineage, **self._workshop.made_with},
        )

    def _resumable(self) -> KeptProgress | None:
        kept = self._workshop.shelf.load(self._order.objective)
        if kept is None or kept.order != self._order:
            return None
        return kept if 0 <= self._workshop.clock() - kept.kept_ms < RESUME_MS else None

    def _tell(self, kept: KeptProgress) -> None:
        """In the thread that learns; ends it where nobody waits for it any more."""
        if self._is_over.is_set():
            raise CannotLearn("it was interrupted")
        self._rounds = kept.progress.rounds
        self._workshop.shelf.keep(kept)
        if self._told is not None:
            self._told(kept.progress)

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        over = asyncio.Event()
        beats = asyncio.create_task(self._beat(over), name="training-beat")
        try:
            yield
        finally:
            over.set()
            await asyncio.wait((beats,))

    async def _beat(self, over: asyncio.Event) -> None:
        while not await _is_set(over, BEAT_SECONDS):
            with suppress(TandemError):  # a store that is away for a moment does not end the work
                await self._workshop.trainings.say(self._now())

    def _now(self) -> Training:
        return replace(self._training, beat_ms=self._workshop.clock(), rounds=self._rounds)

    async def _end(self, state: TrainingState, *, model_id: str = "", message: str = "") -> Training:
        now = self._now()
        ended = replace(now, state=state, end_ms=now.beat_ms, model_id=model_id, message=message)
        await self._workshop.trainings.say(ended)
        return ended


async def _is_set(event: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), timeout_s)
    return event.is_set()
