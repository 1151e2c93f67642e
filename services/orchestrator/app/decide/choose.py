"""The draws: what every slot gets, and with which probability each candidate would have had it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.score import Scored
from services.orchestrator.domain.arbitration.assign import Filled, fill, is_shared_out
from services.orchestrator.domain.arbitration.assignment import Assignment
from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.exploration import EVERYBODY_ALIKE, Exploring
from services.orchestrator.domain.arbitration.reshaping import reshaped
from services.orchestrator.domain.arbitration.slots import (
    FROM_THE_START,
    ContactRoom,
    Field,
    SlotDraw,
    SlotPlan,
    Standing,
    Terms,
)
from services.orchestrator.domain.arbitration.worth import Column
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.lineup import Mask
from services.orchestrator.domain.pricing import Contest, with_learnt_values

_INLINE_CANDIDATES = 300
"""About a millisecond."""
_INLINE_SHARED = 12
"""Likewise, where the best assignment is looked for: a program of more takes up to a hundred times as long."""


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
    assignment: Assignment | None = None
    """How several slots were shared out where nothing is explored."""


async def choose(brief: Brief, known: Known, competition: Competition, scored: Scored) -> Choice:
    contest, arena = arena_of(brief, known, competition, scored)
    filled = await fill_arena(arena, FROM_THE_START)
    priority = contest.worth.at(scored.scores.means)
    return Choice(contest, scored, priority, arena, filled.draws, filled.assignment)


async def choose_again(choice: Choice, standing: Standing) -> Choice:
    """The same, given what stands and what was refused."""
    filled = await fill_arena(choice.arena, standing)
    return replace(choice, draws=filled.draws, assignment=filled.assignment)


def arena_of(brief: Brief, known: Known, competition: Competition, scored: Scored) -> tuple[Contest, Arena]:
    """What is drawn from, with the contest as what was learnt prices it."""
    contest = _valued(brief, competition, scored)
    return contest, _arena(brief, known, replace(competition, contest=contest), scored)


async def fill_arena(arena: Arena, standing: Standing) -> Filled:
    """In a thread where it takes longer than the event loop may stand still."""
    most = _INLINE_SHARED if is_shared_out(arena.field, arena.plans) else _INLINE_CANDIDATES
    if arena.field.action.size <= most:
        return fill(arena.field, arena.plans, arena.terms, standing)
    return await asyncio.to_thread(fill, arena.field, arena.plans, arena.terms, standing)


def _valued(brief: Brief, competition: Competition, scored: Scored) -> Contest:
    """Worth what was learnt, where the policy wants that and the scorer knows; else what the policy declares."""
    contest, severity = competition.contest, scored.scores.severity
    learnt = brief.policy.compiled.learnt_values
    if learnt is None or severity is None:
        return contest
    return with_learnt_values(contest, learnt[contest.action], severity.means, competition.formula)


def _arena(brief: Brief, known: Known, competition: Competition, scored: Scored) -> Arena:
    contest, scores = competition.contest, scored.scores
    explores, exploring = _exploring(brief, known.arm.arm, contest, scored)
    drawn_from = reshaped(scores.log_odds_means, scores.log_odds_deviations, scores.means, scores.evidences)
    beliefs = Beliefs(scores.means, *drawn_from, explores)
    option, silence = contest.option, brief.policy.compiled.silence
    field = Field(
        contest.starts,
        contest.action,
        contest.worth,
        beliefs,
        exploring,
        _room(brief, competition),
        None if silence is None else silence[option],
        competition.sticky,
    )
    plans = [SlotPlan(place.placement_id, place.count) for place in brief.places]
    return Arena(field, plans, _terms(brief, competition, scored))


def _exploring(brief: Brief, arm: Arm, contest: Contest, scored: Scored) -> tuple[Mask, Exploring]:
    """Which rows explore (bool[C]), and how. Where every candidate is to be as likely as the others, all do but what is
    left to no chance."""
    exploring = brief.catalogue.exploring(contest.option)
    if arm is Arm.RANDOM_ELIGIBLE:
        regulated = brief.policy.compiled.regulated
        free = np.ones(contest.size, dtype=np.bool_) if regulated is None else ~regulated[contest.action]
        return free, exploring.exploring_as(EVERYBODY_ALIKE)
    explores = brief.catalogue.explores[contest.action]
    return explores, exploring if scored.may_explore else exploring.without_exploration()


def _terms(brief: Brief, competition: Competition, scored: Scored) -> Terms:
    command = brief.command
    across_placements = command.across_placements is not False
    across_channels = across_placements if command.across_channels is None else command.across_channels
    reserve = competition.reserve
    if not np.isfinite(reserve):  # less than anything here
        reserve = float(competition.contest.worth.at(scored.scores.means).min(initial=0.0)) - 1.0
    return Terms(brief.decision_id, reserve, across_placements, across_channels)


def _room(brief: Brief, competition: Competition) -> ContactRoom | None:
    """What the contact limits of the person leave, and what a request may have at most."""
    allowance, at_most, contest = competition.allowance, brief.policy.compiled.at_most, competition.contest
    surplus = None if at_most is None else at_most.room(contest.action)
    if allowance is None:
        return surplus
    contacts = ContactRoom(allowance.table.option_counter[contest.option], allowance.room)
    return contacts if surplus is None else contacts.and_also(surplus)
