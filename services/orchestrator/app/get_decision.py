"""GetDecision: a decision as it was answered, with every candidate, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.record import candidates_of
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.erasures import ErasureStore
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.presentations import decision_not_found
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.decision import Answer, Candidate
from shared.errors import NotFound

EXPORT_PAGE = 100


@dataclass(frozen=True, slots=True)
class ExploredSlot:
    """How one slot was explored."""

    placement_id: str
    slot: int
    explored: Explored
    silence_probability: float


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    command: DecideCommand
    answer: Answer
    outcomes: tuple[CapturedOutcome, ...]
    explored_slots: tuple[ExploredSlot, ...] = ()


class GetDecision:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, decision_id: str) -> RecordedDecision:
        """Raises NotFound (DECISION_NOT_FOUND)."""
        record = await read(self._world.log, decision_id)
        policy = await self._world.policies.get(record.policy_version)
        outcomes = await self._world.outcomes.list_by_decision(decision_id)
        answer = replace(record.answer, candidates=recorded_candidates(record, policy))
        return RecordedDecision(record.command, answer, outcomes, explored_slots(record))


class ExportSubjectData:
    def __init__(self, get: GetDecision, store: ErasureStore) -> None:
        self._get = get
        self._store = store

    async def __call__(self, profile_ids: Sequence[str]) -> AsyncGenerator[RecordedDecision]:
        """Every decision for the profiles, in the order of their ids; one that is erased meanwhile is left out."""
        after = ""
        while decision_ids := await self._store.decisions_of(profile_ids, EXPORT_PAGE, after):
            for decision_id in decision_ids:
                with suppress(NotFound):
                    yield await self._get(decision_id)
            after = decision_ids[-1]


async def read(log: DecisionLog, decision_id: str) -> DecisionRecord:
    record = await log.get(decision_id)
    if record is None:
        raise decision_not_found(decision_id)
    return record


def explored_slots(record: DecisionRecord) -> tuple[ExploredSlot, ...]:
    """In the order they were drawn; none of a record of before this was kept."""
    return tuple(
        ExploredSlot(
            record.answer.placements[slot.place].placement_id, slot.slot, slot.explored, float(slot.probabilities[-1])
        )
        for slot in record.slots
        if slot.explored is not None
    )


def recorded_candidates(record: DecisionRecord, policy: ActivePolicy) -> tuple[Candidate, ...]:
    placement_ids = [place.placement_id for place in record.answer.placements]
    return candidates_of(policy.catalogue, placement_ids, record.candidates, record.slots)
