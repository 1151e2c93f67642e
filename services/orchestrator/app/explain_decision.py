"""ExplainDecision: why and why not, from the record.

The rules are asked again, at the recorded version, time and attributes; who may be contacted and what competed follows
from the record by the same pure functions that decided. Scores and draws are read, never made again; what else could
have been drawn before a slot is worked out from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.orchestrator.app.decide.brief import Brief, brief_of
from services.orchestrator.app.decide.compete import compete
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.reasons import dropped
from services.orchestrator.app.decide.record import late_drops
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.get_decision import read, recorded_candidates
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict, SubjectView
from services.orchestrator.app.slate_marginals import slate_marginals
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arbitration.marginals import SlotMarginal
from services.orchestrator.domain.decision import Answer, Dropped, Explain
from shared.values import Feature

EXPLANATION_MS = 5_000
"""How long the rules service may take for the reasons."""


@dataclass(frozen=True, slots=True)
class Explanation:
    answer: Answer
    """With every candidate and every reason."""
    attributes: Mapping[str, Feature]
    segments: tuple[str, ...]
    marginals: tuple[SlotMarginal, ...] = ()
    """Of a decision with several slots."""


class ExplainDecision:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, decision_id: str) -> Explanation:
        """Raises NotFound (DECISION_NOT_FOUND); Unavailable when the rules cannot be asked."""
        record = await read(self._world.log, decision_id)
        if record.fails_closed:
            return Explanation(record.answer, record.features, ())
        brief = await self._brief(record)
        verdict = await self._judge_again(brief, record)
        answer = replace(
            record.answer,
            candidates=recorded_candidates(record, brief.policy),
            dropped=_reasons(brief, record, verdict),
        )
        return Explanation(answer, record.features, verdict.segments, await slate_marginals(brief, record))

    async def _brief(self, record: DecisionRecord) -> Brief:
        policy = await self._world.policies.get(record.policy_version)
        command = replace(record.command, decision_time_ms=record.decision_time_ms)
        brief = brief_of(command, policy, record.record_time_ms, record.decision_id)
        return replace(brief, is_for_somebody=record.is_for_somebody)

    async def _judge_again(self, brief: Brief, record: DecisionRecord) -> PolicyVerdict:
        question = PolicyQuestion(
            brief.policy.versions.rule_set,
            record.features,
            brief.now_ms,
            explain=Explain.FULL,
            action_index=brief.catalogue.action_index,
        )
        return await self._world.rules.evaluate(question, deadline_ms=self._world.clock() + EXPLANATION_MS)


def _reasons(brief: Brief, record: DecisionRecord, verdict: PolicyVerdict) -> tuple[Dropped, ...]:
    view = SubjectView(record.profile_id, record.features, record.consents, is_known=record.is_known)
    known = Known(view, record.features, contact_counts=record.contact_counts)
    competition = compete(brief, known, verdict)
    late = late_drops(brief, record.candidates, record.slots, record.refusals)
    return dropped(brief, verdict, competition, (*competition.contest.drops, *late))
