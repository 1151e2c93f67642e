"""Which actions the engagement policy leaves."""

from __future__ import annotations

import logging

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import RULES_SHARE, Budget
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.ports import PolicyQuestion, PolicyVerdict, RuleEvaluator
from shared.errors import TandemError

RULES_UNAVAILABLE = "RULES_UNAVAILABLE"

_log = logging.getLogger("tandem.orchestrator.decide")


async def judge(brief: Brief, known: Known, rules: RuleEvaluator, budget: Budget) -> PolicyVerdict | None:
    """None when the rules could not be asked: nothing may be decided then."""
    question = PolicyQuestion(
        brief.policy.versions.rule_set,
        known.features,
        brief.now_ms,
        explain=brief.command.explain,
        action_index=brief.catalogue.action_index,
        with_segments=brief.policy.compiled.reads_segments,
    )
    try:
        return await rules.evaluate(question, deadline_ms=budget.share(RULES_SHARE))
    except TandemError as failure:
        _log.warning("no verdict", extra={"fields": {"cause": failure.message, "reason": failure.reason}})
        return None
