"""A model at work: as it is now, and all that keeps it up with the reward log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.learn import Learner
from services.scoring.app.live_model import LiveModel
from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import FeatureSetStore, Observer, RewardLog, Scorer, SnapshotStore
from services.scoring.app.snapshots import Snapshots
from shared.clock import Clock


@dataclass(frozen=True, slots=True, eq=False)
class ModelInUse:
    """`feature_sets` are compiled for it."""

    live: LiveModel
    feature_sets: FeatureSets
    learner: Learner
    snapshots: Snapshots

    @property
    def scorer(self) -> Scorer:
        """For use on the event loop, before the next await; look, but do not change it."""
        return self.live.scorer

    @property
    def model_id(self) -> str:
        return self.live.scorer.model_id


@dataclass(frozen=True, slots=True)
class ModelMaker:
    """Puts models to work, until `ending` is set."""

    feature_sets: FeatureSetStore
    rewards: RewardLog
    snapshots: SnapshotStore
    objectives: Objectives
    clock: Clock
    snapshot_rewards: int
    observer: Observer
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def feature_sets_of(self, scorer: Scorer) -> FeatureSets:
        """To be compiled as the model needs them."""
        return FeatureSets(self.feature_sets, scorer.compiler)

    async def put_to_work(self, scorer: Scorer, feature_sets: FeatureSets) -> ModelInUse:
        """Restored from its latest snapshot and brought up to the end of the log."""
        live = LiveModel(scorer)
        snapshots = Snapshots(self.snapshots, live, self.snapshot_rewards)
        learner = Learner(
            self.rewards, self.objectives, feature_sets, live, snapshots, self.clock, self.ending, self.observer
        )
        await snapshots.restore(self.rewards)
        await learner.catch_up()
        return ModelInUse(live, feature_sets, learner, snapshots)
