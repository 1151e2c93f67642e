"""ExplainDecision: why and why not, from the record.

The rules are asked again, at the recorded version, time and attributes; who may be contacted and what competed follows
from the record by the same pure functions that decided. Scores and draws are read, never made again; what else could
have been drawn before a slot is worked out from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.compete import Competition, compete
from services.orchestrator.app.decide.reasons import dropped
from services.orchestrator.app.decide.recall import recalled_brief, recalled_knowledge
from services.orchestrator.app.decide.record import late_drops
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.get_decision import read, recorded_candidates
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict
from services.orchestrator.app.slate_marginals import slate_marginals
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.arbitration.marginals import SlotMarginal
from services.orchestrator.domain.contact_pressure import PressureAccount
from services.orchestrator.domain.decision import Answer, Dropped, Explain
from services.orchestrator.domain.undeclared import undeclared
from shared.values import Feature

EXPLANATION_MS = 5_000
"""How long the rules service may take for the reasons."""


@dataclass(frozen=True, slots=True)
class Explanation:
    answer: Answer
    """With every candidate and every reason, or those of the actions that were asked for."""
    attributes: Mapping[str, Feature]
    segments: tuple[str, ...]
    marginals: tuple[SlotMarginal, ...] = ()
    """Of a decision with several slots."""
    pressure: PressureAccount | None = None


class ExplainDecision:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, decision_id: str, actions: Sequence[str] = ()) -> Explanation:
        """Of some actions, or of all. Raises NotFound (DECISION_NOT_FOUND); InvalidArgument (UNKNOWN_ACTION);
        Unavailable when the rules cannot be asked."""
        return await self.explain(await read(self._world.log, decision_id), actions)

    async def explain(self, record: DecisionRecord, actions: Sequence[str] = ()) -> Explanation:
        """The same, of a decision at hand."""
        brief = recalled_brief(record, await self._world.policies.get(record.policy_version))
        for position, action in enumerate(actions):
            if action not in brief.catalogue.action_index:
                raise undeclared("action", action, f"actions[{position}]")
        if record.fails_closed:
            return Explanation(record.answer, record.features, (), (), record.pressure_account)
        verdict = await self._judge_again(brief, record, actions)
        known = recalled_knowledge(record, brief)
        competition = compete(brief, known, verdict)
        candidates, reasons = recorded_candidates(record, brief.policy), _reasons(brief, record, verdict, competition)
        budget = Budget.starting_now(None, EXPLANATION_MS, self._world.clock)
        marginals = await slate_marginals(brief, known, competition, record, budget)
        if actions:
            marginals = _of_rows(marginals, record, [each.action in actions for each in candidates])
            candidates = tuple(each for each in candidates if each.action in actions)
            reasons = tuple(each for each in reasons if each.action in actions)
        answer = replace(record.answer, candidates=candidates, dropped=reasons)
        return Explanation(answer, record.features, verdict.segments, marginals, record.pressure_account)

    async def _judge_again(self, brief: Brief, record: DecisionRecord, actions: Sequence[str]) -> PolicyVerdict:
        question = PolicyQuestion(
            brief.policy.versions.rule_set,
            record.features,
            brief.now_ms,
            explain=Explain.FULL,
            action_index=brief.catalogue.action_index,
            explain_actions=tuple(actions),
        )
        return await self._world.rules.evaluate(question, deadline_ms=self._world.clock() + EXPLANATION_MS)


def _of_rows(
    marginals: Sequence[SlotMarginal], record: DecisionRecord, rows: Sequence[bool]
) -> tuple[SlotMarginal, ...]:
    """Of some of the candidates, and of silence."""
    places = np.split(np.array(rows), record.candidates.starts[1:-1])
    wanted = [np.append(of_place, True) for of_place in places]
    return tuple(replace(each, probabilities=each.probabilities[wanted[each.place]]) for each in marginals)


def _reasons(
    brief: Brief, record: DecisionRecord, verdict: PolicyVerdict, competition: Competition
) -> tuple[Dropped, ...]:
    late = late_drops(brief, record.candidates, record.slots, record.refusals)
    return dropped(brief, verdict, competition, (*competition.contest.drops, *late))
