"""ReplayDecision: a recorded decision made again, from what was known, said and refused then, under the same policy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy, PolicyUnreadable
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.flow import Decide
from services.orchestrator.app.decide.recall import (
    RecalledLedger,
    RecalledQuotas,
    RecalledRefusals,
    RecalledRules,
    RecalledScorer,
    recalled_brief,
    recalled_knowledge,
)
from services.orchestrator.app.decide.stopwatch import Stopwatch
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord
from services.orchestrator.app.get_decision import not_there
from services.orchestrator.app.gone_decisions import GoneBecause, GoneDecision
from services.orchestrator.app.rescore import Rescore, Rescored
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.decision import Answer
from shared.clock import to_datetime
from shared.errors import FailedPrecondition

REPLAY_MS = 10_000
"""How long making it again may take."""
CANDIDATES = "(candidates)"
"""In the place of a field: others compete than did."""

Differences = Callable[[Answer, Answer], Sequence[str]]
"""The paths of the fields in which two answers differ as they are sent, but for timing and consistency token; none
where they are the same byte for byte."""

_log = logging.getLogger("tandem.orchestrator.replay")


@dataclass(frozen=True, slots=True)
class Replayed:
    """`answer` is the one that was made again."""

    decision_id: str
    answer: Answer
    differing: tuple[str, ...]
    rescored: Rescored | None = None

    @property
    def is_identical(self) -> bool:
        return not self.differing


class ReplayDecision:
    def __init__(self, world: Surroundings, differences: Differences) -> None:
        self._world = world
        self._differences = differences
        self._rescore = Rescore(world)

    async def __call__(self, decision_id: str, *, rescore: bool = False) -> Replayed:
        """Raises NotFound (DECISION_NOT_FOUND), FailedPrecondition (DECISION_ERASED, DECISION_PRUNED,
        DECISION_NOT_REPLAYABLE; of rescoring MODEL_STATE_GONE), Unavailable where the rules cannot be asked."""
        record = await self._record(decision_id)
        policy = await self._policy(record)
        answer, candidates = await self._again(record, policy)
        differing = tuple(self._differences(record.answer, answer))
        if not _same(record.candidates, candidates):
            differing = (*differing, CANDIDATES)
        if differing:
            about = {"decision_id": decision_id, "differing": differing[:10]}
            _log.warning("a decision came out otherwise", extra={"fields": about})
        self._world.telemetry.replayed(is_identical=not differing)
        rescored = await self._rescore(record, policy) if rescore else None
        return Replayed(decision_id, answer, differing, rescored)

    async def _record(self, decision_id: str) -> DecisionRecord:
        record = await self._world.log.get(decision_id)
        if record is None:
            gone = await self._world.log.gone(decision_id)
            raise not_there(decision_id, None) if gone is None else _gone(gone)
        if record.scores is None:
            raise _not_replayable(record, "it was recorded before all was kept that this takes")
        return record

    async def _policy(self, record: DecisionRecord) -> ActivePolicy:
        try:
            return await self._world.policies.get(record.policy_version)
        except PolicyUnreadable as fault:
            raise _not_replayable(record, f"this version of Tandem cannot read its policy: {fault}") from fault

    async def _again(self, record: DecisionRecord, policy: ActivePolicy) -> tuple[Answer, CandidateColumns]:
        rules, refusals = RecalledRules(record, self._world.rules), RecalledRefusals(record)
        then = replace(self._world, rules=rules, scorer=RecalledScorer(record))
        then = replace(then, ledger=RecalledLedger(record, refusals), quotas=RecalledQuotas(refusals))
        budget = Budget.starting_now(None, REPLAY_MS, self._world.clock)
        brief = recalled_brief(record, policy)
        known = recalled_knowledge(record, brief)
        decided = await Decide(then).conclude(brief, known, budget, Stopwatch(self._world.ticks_ns))
        if rules.failure is not None:
            raise rules.failure
        return decided.record.answer, decided.record.candidates


def _same(recorded: CandidateColumns, made: CandidateColumns) -> bool:
    """Whether the same options competed for the same places, at the same prices."""
    names = ("starts", "option", "priority", "business_value", "context_weight", "pressure_cost")
    return all(np.array_equal(getattr(recorded, name), getattr(made, name)) for name in names)


def _gone(gone: GoneDecision) -> FailedPrecondition:
    metadata = {
        "field": "decision_id",
        "decision_id": gone.decision_id,
        "decision_time": to_datetime(gone.decision_time_ms).isoformat(),
        "policy_version": gone.policy_version,
    }
    if gone.because is GoneBecause.ERASED:
        text = f"decision_id: {gone.decision_id} was erased with the person it was for: it cannot be made again"
        return FailedPrecondition("DECISION_ERASED", text, metadata=metadata)
    text = f"decision_id: {gone.decision_id} is older than decisions are kept: it cannot be made again"
    return FailedPrecondition("DECISION_PRUNED", text, metadata=metadata)


def _not_replayable(record: DecisionRecord, why: str) -> FailedPrecondition:
    return FailedPrecondition(
        "DECISION_NOT_REPLAYABLE",
        f"decision_id: {record.decision_id} cannot be made again: {why}",
        metadata={"field": "decision_id", "decision_id": record.decision_id},
    )
