"""The draws: what every slot gets, and with which probability each candidate would have had it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.score import Scored
from services.orchestrator.domain.arbitration.slots import Field, SlotDraw, SlotPlan, Terms, fill_slots
from services.orchestrator.domain.arbitration.thompson import Beliefs
from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.pricing import Contest

_INLINE_CANDIDATES = 300
"""About a millisecond."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`priority` float64[C]: money expected of each candidate at its mean propensity."""

    contest: Contest
    scored: Scored
    priority: Column
    draws: Sequence[SlotDraw]


async def choose(brief: Brief, contest: Contest, scored: Scored, decision_id: str) -> Choice:
    """In a thread where it takes longer than the event loop may stand still."""
    if contest.size <= _INLINE_CANDIDATES:
        return _choose(brief, contest, scored, decision_id)
    return await asyncio.to_thread(_choose, brief, contest, scored, decision_id)


def _choose(brief: Brief, contest: Contest, scored: Scored, decision_id: str) -> Choice:
    scores = scored.scores
    explores = brief.catalogue.explores[contest.action] & scored.is_learnt
    beliefs = Beliefs(scores.means, scores.log_odds_means, scores.log_odds_deviations, explores)
    across_placements = brief.command.across_placements is not False
    terms = Terms(decision_id, brief.policy.settings.reserve, across_placements)
    plans = [SlotPlan(place.placement_id, place.count) for place in brief.places]
    draws = fill_slots(Field(contest.starts, contest.action, contest.worth, beliefs), plans, terms)
    return Choice(contest, scored, contest.worth.at(scores.means), draws)
