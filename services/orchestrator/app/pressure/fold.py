"""Contacts whose windows are over become samples, and the samples sums, each once over any number of replicas.

Everything a sample needs stands in the record of its decision and in its outcomes, so a decision that was erased or
pruned meanwhile teaches nothing, and a crash forgets nothing. Whoever folds a decision first counts it: in the
transaction that adds the sums it stops to wait.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.learning_consent import LearningConsent, Learnt
from services.orchestrator.app.pressure.samples import samples_of
from services.orchestrator.app.pressure.store import Sums, TallyKey
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.pressure.sample import PressureSample
from services.orchestrator.domain.pressure.tally import EMPTY, PressureTally, bucket_of

BATCH = 100
BETWEEN_S = 0.05
"""Between two batches: decisions that are made meanwhile have their turn at the store."""
CONSENT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Taught:
    """What one decision taught: the samples, under the key of its record."""

    record: DecisionRecord
    samples: tuple[PressureSample, ...]


class FoldPressure:
    def __init__(self, world: Surroundings, consent: LearningConsent) -> None:
        self._store = world.feedback.pressure
        self._log = world.log
        self._outcomes = world.outcomes
        self._telemetry = world.telemetry
        self._clock = world.clock
        self._consent = consent

    async def __call__(self, until_ms: int) -> None:
        """What is due by now; what is not folded until then is left to the next round. Raises Unavailable: what was not
        folded still waits."""
        while self._clock() < until_ms and (due := await self._store.due(self._clock(), BATCH)):
            if not await self._fold(due):
                break
            await asyncio.sleep(BETWEEN_S)
        self._telemetry.pressure_waiting(await self._store.count_waiting())

    async def _fold(self, decision_ids: Sequence[str]) -> bool:
        """False where one of them waits no longer: another replica is at them, and goes on with it."""
        taught = [each for decision_id in decision_ids if (each := await self._taught(decision_id)) is not None]
        learners = [Learnt(each.record.command.identities, each.record.profile_id) for each in taught]
        permitted = await self._consent.of(learners, deadline_ms=self._clock() + CONSENT_MS)
        learnt = [each for each, may in zip(taught, permitted, strict=True) if may]
        if not await self._store.fold(decision_ids, _sums(learnt)):
            return False
        count = sum(len(each.samples) for each in learnt)
        self._telemetry.pressure_learnt(count, sum(len(each.samples) for each in taught) - count)
        return True

    async def _taught(self, decision_id: str) -> Taught | None:
        """None where nothing is left of it."""
        await asyncio.sleep(0)  # many records to read must not hold up the loop
        record = await self._log.get(decision_id)
        if record is None or record.pressure is None or record.pressure_learning is None:
            return None
        return Taught(record, tuple(samples_of(record, await self._outcomes.list_by_decision(decision_id))))


def _sums(taught: Sequence[Taught]) -> dict[TallyKey, Sums]:
    tallies = defaultdict[TallyKey, PressureTally](lambda: EMPTY)
    for each in taught:
        assert each.record.pressure_learning is not None, "nothing is taught without"
        for sample in each.samples:
            key = TallyKey(each.record.pressure_learning.key, bucket_of(sample.profile_id))
            tallies[key] = tallies[key].plus(PressureTally.of(sample))
    return {key: tally.to_floats() for key, tally in tallies.items()}
