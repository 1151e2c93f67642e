"""A training whose process died without a word has failed for whoever looks, and somebody else may train."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.scoring.app.application import Stores
from services.scoring.app.models import Models
from services.scoring.app.objectives import Objectives
from services.scoring.app.train import TrainModel, begun
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.trainings import LEASE_MS, as_seen
from tests.support.scoring import FEATURE_SET, NOW_MS

OpenStores = Callable[[], Awaitable[Stores]]
ORDER = TrainingOrder("success")


class Trainers:
    """Their processes never say a word again."""

    async def start(self, training: Training, order: TrainingOrder) -> None: ...


class Replica:
    def __init__(self, stores: Stores) -> None:
        self.now_ms = NOW_MS
        objectives = Objectives(stores.feature_sets)
        self.models = Models(stores.models, stores.trainings, objectives, lambda each: f"bayes-{each}", self.clock)
        self.train = TrainModel(objectives, stores.trainings, Trainers(), self.clock)

    def clock(self) -> int:
        return self.now_ms

    async def listed(self) -> Training:
        return (await self.models.list("success")).trainings[0]


async def test_within_its_lease_it_runs_and_then_it_has_failed_in_every_replica(open_stores: OpenStores) -> None:
    stores = await open_stores()
    await stores.feature_sets.put("p", FEATURE_SET)
    one, other = Replica(stores), Replica(await open_stores())
    training = await one.train("r1", ORDER)
    for replica in (one, other):
        replica.now_ms = NOW_MS + LEASE_MS
        assert (await replica.listed()).state is TrainingState.RUNNING
        replica.now_ms += 1
        seen = await replica.listed()
        assert (seen.training_id, seen.state, seen.end_ms) == (training.training_id, TrainingState.FAILED, NOW_MS)
        assert "nothing was heard of it for 30 s" in seen.message
    again = await other.train("r1", ORDER)
    assert again.state is TrainingState.FAILED, "who repeats the request learns it, too"
    anew = await other.train("r2", ORDER)
    assert (anew.training_id != training.training_id, anew.state) == (True, TrainingState.RUNNING)


async def test_one_that_goes_on_saying_so_runs_however_long_it_takes(stores: Stores) -> None:
    await stores.feature_sets.put("p", FEATURE_SET)
    replica = Replica(stores)
    training = await replica.train("r1", ORDER)
    for minute in range(1, 4):
        replica.now_ms = NOW_MS + minute * 60_000
        await stores.trainings.say(replace(training, beat_ms=replica.now_ms - 3_000))
        assert (await replica.listed()).state is TrainingState.RUNNING


def test_how_one_ended_is_not_touched() -> None:
    ended = replace(begun(ORDER, NOW_MS), state=TrainingState.SUCCEEDED, end_ms=NOW_MS)
    assert as_seen(ended, NOW_MS + 10 * LEASE_MS) is ended
