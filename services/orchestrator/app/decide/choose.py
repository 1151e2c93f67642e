"""The draws: what every slot gets, and with which probability each candidate would have had it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.decide.score import Scored
from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.reshaping import reshaped
from services.orchestrator.domain.arbitration.slots import (
    FROM_THE_START,
    ContactRoom,
    Field,
    SlotDraw,
    SlotPlan,
    Standing,
    Terms,
    fill_slots,
)
from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.contact_limits import Allowance
from services.orchestrator.domain.pricing import Contest, with_learnt_values

_INLINE_CANDIDATES = 300
"""About a millisecond."""


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """All that the draws depend on, but for what the ledger refuses."""

    field: Field
    plans: Sequence[SlotPlan]
    terms: Terms


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`priority` float64[C]: money expected of each candidate at its mean propensity."""

    contest: Contest
    scored: Scored
    priority: Column
    arena: Arena
    draws: Sequence[SlotDraw]


async def choose(brief: Brief, competition: Competition, scored: Scored) -> Choice:
    contest = _valued(brief, competition.contest, scored)
    arena = _arena(brief, contest, competition.allowance, scored)
    draws = await _fill(arena, FROM_THE_START)
    return Choice(contest, scored, contest.worth.at(scored.scores.means), arena, draws)


async def choose_again(choice: Choice, standing: Standing) -> Choice:
    """The same, given what stands and what was refused."""
    return replace(choice, draws=await _fill(choice.arena, standing))


async def _fill(arena: Arena, standing: Standing) -> Sequence[SlotDraw]:
    """In a thread where it takes longer than the event loop may stand still."""
    if arena.field.action.size <= _INLINE_CANDIDATES:
        return fill_slots(arena.field, arena.plans, arena.terms, standing)
    return await asyncio.to_thread(fill_slots, arena.field, arena.plans, arena.terms, standing)


def _valued(brief: Brief, contest: Contest, scored: Scored) -> Contest:
    """Worth what was learnt, where the policy wants that and the scorer knows; else what the policy declares."""
    learnt, severity = brief.policy.compiled.learnt_values, scored.scores.severity
    if learnt is None or severity is None:
        return contest
    return with_learnt_values(contest, learnt[contest.action], severity.means)


def _arena(brief: Brief, contest: Contest, allowance: Allowance | None, scored: Scored) -> Arena:
    scores = scored.scores
    explores = brief.catalogue.explores[contest.action]
    drawn_from = reshaped(scores.log_odds_means, scores.log_odds_deviations, scores.means, scores.evidences)
    beliefs = Beliefs(scores.means, *drawn_from, explores)
    exploring = brief.catalogue.exploring(contest.option)
    if not scored.may_explore:
        exploring = exploring.without_exploration()
    contacts = None
    if allowance is not None:
        contacts = ContactRoom(allowance.table.option_counter[contest.option], allowance.room)
    across_placements = brief.command.across_placements is not False
    return Arena(
        Field(contest.starts, contest.action, contest.worth, beliefs, exploring, contacts),
        [SlotPlan(place.placement_id, place.count) for place in brief.places],
        Terms(brief.decision_id, brief.policy.settings.reserve, across_placements),
    )
