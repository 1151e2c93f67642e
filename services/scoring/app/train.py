"""Beginning a training: in a process of its own, one of an objective at a time over all replicas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from services.scoring.app.objectives import Objectives
from services.scoring.app.ports import TrainingStore
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.models import Training, TrainingState
from services.scoring.domain.trainings import LEASE_MS, as_seen
from shared.clock import Clock
from shared.errors import InvalidArgument
from shared.ids import new_id

MAX_DAYS = 36_500
MAX_SEED = 2**31 - 1_000
"""LightGBM's seeds are ints of 32 bits, and the rounds that are done are added."""


class Trainers(Protocol):
    """Starts processes that train, and sees to it that what died is FAILED."""

    async def start(self, training: Training, order: TrainingOrder) -> None:
        """Returns when it runs. Raises OSError where it cannot be started."""


class NoTrainers:
    """Of a process that starts none."""

    async def start(self, training: Training, order: TrainingOrder) -> None:
        raise OSError(f"this process starts no trainings, and not {training.training_id} of {order.objective}")


@dataclass(frozen=True, slots=True)
class TrainModel:
    """The use case; see `__call__`."""

    objectives: Objectives
    trainings: TrainingStore
    trainers: Trainers
    clock: Clock

    async def __call__(self, request_id: str, order: TrainingOrder) -> Training:
        """The training that was begun, or the one of its objective that is under way. Raises InvalidArgument,
        NotFound.
        """
        check_order(order)
        await self.objectives.require(order.objective)
        training = begun(order, self.clock())
        known = await self.trainings.begin(request_id, training, training.start_ms - LEASE_MS)
        if known.training_id != training.training_id:
            return as_seen(known, self.clock())
        try:
            await self.trainers.start(training, order)
        except OSError as failure:
            message = f"its process cannot be started: {failure}"
            known = replace(training, state=TrainingState.FAILED, end_ms=self.clock(), message=message)
            await self.trainings.say(known)
        return known


def begun(order: TrainingOrder, now_ms: int) -> Training:
    return Training(new_id("training"), order.objective, TrainingState.RUNNING, now_ms, now_ms)


def check_order(order: TrainingOrder) -> None:
    """Raises InvalidArgument."""
    if not 0 <= order.days <= MAX_DAYS:
        raise InvalidArgument.field("days", f"must be from 0 to {MAX_DAYS}")
    if not 0 <= order.seed <= MAX_SEED:
        raise InvalidArgument.field("seed", f"must be from 0 to {MAX_SEED}")
