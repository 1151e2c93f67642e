"""Which actions the engagement policy leaves."""

from __future__ import annotations

import logging

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import RULES_SHARE, Budget
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict, RuleEvaluator
from services.orchestrator.domain.trouble import Cause, Party, Trouble
from shared.errors import TandemError

RULES_UNAVAILABLE = Party.RULES.advisory

_log = logging.getLogger("tandem.orchestrator.decide")


async def judge(brief: Brief, known: Known, rules: RuleEvaluator, budget: Budget) -> PolicyVerdict | Trouble:
    """Trouble when nobody knows what the rules say: nothing may be decided then."""
    question = PolicyQuestion(
        brief.policy.versions.rule_set,
        known.features,
        brief.now_ms,
        explain=brief.command.explain,
        action_index=brief.catalogue.action_index,
        with_segments=brief.policy.compiled.wants_segments,
    )
    try:
        verdict = await rules.evaluate(question, deadline_ms=budget.share(RULES_SHARE))
    except TandemError as failure:
        _log.warning("no verdict", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
        return Trouble.of(Party.RULES, failure)
    if not _is_sound(verdict, len(brief.catalogue.actions)):
        _log.error("unusable verdict", extra={"fields": {"rule_set": question.rule_set_version}})
        return Trouble(Party.RULES, Cause.FAULTY)
    return verdict


def _is_sound(verdict: PolicyVerdict, actions: int) -> bool:
    """Whether it is about these actions, each once, with a number for each of them."""
    eligible = verdict.eligible
    if eligible.ndim != 1 or (eligible.size and not 0 <= eligible[0] <= eligible[-1] < actions):
        return False
    is_increasing = bool((eligible[1:] > eligible[:-1]).all())
    return is_increasing and all(column.shape == eligible.shape for column in verdict.numbers.values())
