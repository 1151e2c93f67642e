"""GetDecision: a decision as it was answered, with every candidate, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.record import candidates_of
from services.orchestrator.app.decision_log import DecisionLog
from services.orchestrator.app.decision_record import DecisionRecord, SlotVector
from services.orchestrator.app.erasures import ErasureStore
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.presentations import decision_not_found
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arbitration.explore import Explored
from services.orchestrator.domain.arbitration.silence import NO_GHOST, Withheld
from services.orchestrator.domain.contact_pressure import PressureAccount
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
    withheld: Withheld | None = None
    ghost: Candidate | None = None
    """What was withheld on purpose."""
    sticky_from_decision_id: str = ""


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    command: DecideCommand
    answer: Answer
    outcomes: tuple[CapturedOutcome, ...]
    explored_slots: tuple[ExploredSlot, ...] = ()
    pressure: PressureAccount | None = None


class GetDecision:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, decision_id: str) -> RecordedDecision:
        """Raises NotFound (DECISION_NOT_FOUND)."""
        record = await read(self._world.log, decision_id)
        policy = await self._world.policies.get(record.policy_version)
        outcomes = await self._world.outcomes.list_by_decision(decision_id)
        answer = replace(record.answer, candidates=recorded_candidates(record, policy))
        slots = explored_slots(record, answer.candidates)
        return RecordedDecision(record.command, answer, outcomes, slots, record.pressure_account)


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
        raise not_there(decision_id, await log.gone(decision_id))
    return record


def not_there(decision_id: str, gone: GoneDecision | None) -> NotFound:
    """Says so where it was there once."""
    if gone is None:
        return decision_not_found(decision_id)
    why = "erased with the person it was for" if gone.because is GoneBecause.ERASED else "older than decisions are kept"
    metadata = {"decision_id": decision_id, "gone": str(gone.because)}
    return NotFound(
        "DECISION_NOT_FOUND", f"there is no decision {decision_id!r} any more: it was {why}", metadata=metadata
    )


def explored_slots(record: DecisionRecord, candidates: Sequence[Candidate]) -> tuple[ExploredSlot, ...]:
    """In the order they were drawn; none of a record of before this was kept."""
    return tuple(
        ExploredSlot(
            record.answer.placements[slot.place].placement_id,
            slot.slot,
            slot.explored,
            float(slot.probabilities[-1]),
            slot.withheld,
            _ghost(slot, candidates),
            "" if slot.sticky is None else slot.sticky.decision_id,
        )
        for slot in record.slots
        if slot.explored is not None
    )


def _ghost(slot: SlotVector, candidates: Sequence[Candidate]) -> Candidate | None:
    is_ghost = slot.withheld is not None and slot.withheld.ghost != NO_GHOST
    return candidates[slot.withheld.ghost] if is_ghost and slot.withheld is not None else None


def recorded_candidates(record: DecisionRecord, policy: ActivePolicy) -> tuple[Candidate, ...]:
    placement_ids = [place.placement_id for place in record.answer.placements]
    return candidates_of(policy.catalogue, placement_ids, record.candidates, record.slots)
