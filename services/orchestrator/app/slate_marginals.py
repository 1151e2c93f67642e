"""With which probability each candidate fills each slot of a recorded decision, whatever filled the slots before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.budget import Budget
from services.orchestrator.app.decide.choose import Arena, arena_of
from services.orchestrator.app.decide.compete import Competition
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.recall import RecalledScorer
from services.orchestrator.app.decide.score import score
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.arbitration.marginals import SlotMarginal, marginals
from services.orchestrator.domain.arbitration.slate_vectors import Closing, SlateVectors
from services.orchestrator.domain.refusals import closed_rows

MOST_ERROR = 0.5
"""Of what is told: beyond it too little is known."""
_ROUNDING = 1e-9

_log = logging.getLogger("tandem.orchestrator.explain")


async def slate_marginals(
    brief: Brief, known: Known, competition: Competition, record: DecisionRecord, budget: Budget
) -> tuple[SlotMarginal, ...]:
    """In the order slots are filled; nothing of a single slot, of slots that were not drawn one after the other, and of
    a record whose vectors do not come out again: another version of Tandem drew from them."""
    if sum(place.count for place in brief.places) < 2 or not record.slots or record.answer.assignment is not None:
        return ()
    scored = await score(brief, known, None, competition.contest, RecalledScorer(record), budget)
    arena = arena_of(brief, known, competition, scored)[1]
    if not _is_one_after_the_other(arena):
        return ()
    slate = SlateVectors(arena.field, arena.plans, arena.terms, _closings(brief, record))
    return await asyncio.to_thread(told_of, marginals(slate), record)


def _is_one_after_the_other(arena: Arena) -> bool:
    """Nothing is served again or withheld on purpose, and what is out for one channel is out for all."""
    field, terms = arena.field, arena.terms
    is_withheld = field.silence is not None and bool(field.silence.any())
    return not field.sticky and not is_withheld and terms.across_channels == terms.across_placements


def told_of(found: Iterable[SlotMarginal], record: DecisionRecord) -> tuple[SlotMarginal, ...]:
    """What is worth telling."""
    told: list[SlotMarginal] = []
    for each in found:
        if not told and not _is_recorded(each, record):
            _log.warning("a recorded vector did not come out again", extra={"fields": {"decision": record.decision_id}})
            break
        if each.error > MOST_ERROR:
            break
        told.append(each)
    return tuple(told)


def _is_recorded(first: SlotMarginal, record: DecisionRecord) -> bool:
    """Nothing comes before the first slot, so its marginal is its vector."""
    drawn = record.slots[0]
    is_same = (first.place, first.slot) == (drawn.place, drawn.slot)
    return is_same and np.allclose(first.probabilities, drawn.probabilities, rtol=0.0, atol=_ROUNDING)


def _closings(brief: Brief, record: DecisionRecord) -> tuple[Closing, ...]:
    known = record.refusals
    return tuple(
        Closing(
            refusal.place,
            refusal.slot,
            closed_rows(brief.catalogue, brief.limits, record.candidates.option, known[: number + 1]),
        )
        for number, refusal in enumerate(known)
    )
