"""With which probability each candidate fills each slot of a recorded decision, whatever filled the slots before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import numpy as np

from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.marginals import SlotMarginal, marginals
from services.orchestrator.domain.arbitration.slate_vectors import Closing, SlateVectors
from services.orchestrator.domain.arbitration.slots import ContactRoom, Field, SlotPlan, Terms
from services.orchestrator.domain.arbitration.worth import Prices, worth_of
from services.orchestrator.domain.refusals import closed_rows

MOST_ERROR = 0.5
"""Of what is told: beyond it too little is known."""
_ROUNDING = 1e-9

_log = logging.getLogger("tandem.orchestrator.explain")


async def slate_marginals(brief: Brief, record: DecisionRecord) -> tuple[SlotMarginal, ...]:
    """In the order slots are filled; nothing of a single slot, and of a record whose vectors do not come out again:
    another version of Tandem drew from them."""
    if sum(place.count for place in brief.places) < 2 or not record.slots:
        return ()
    return await asyncio.to_thread(told_of, marginals(slate_of(brief, record)), record)


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


def slate_of(brief: Brief, record: DecisionRecord) -> SlateVectors:
    """What its draws depended on."""
    command = brief.command
    return SlateVectors(
        _field(brief, record),
        [SlotPlan(place.placement_id, place.count) for place in brief.places],
        Terms(record.decision_id, brief.policy.settings.reserve, command.across_placements is not False),
        _closings(brief, record),
    )


def _field(brief: Brief, record: DecisionRecord) -> Field:
    columns, catalogue, limits = record.candidates, brief.catalogue, brief.policy.limits
    option = columns.option
    action = catalogue.option_action[option]
    prices = Prices(
        catalogue.lever[action], columns.business_value, columns.context_weight, catalogue.option_cost[option]
    )
    exploring = catalogue.exploring(option)
    if record.is_apprentice or not record.answer.versions.model:
        exploring = exploring.without_exploration()
    contacts = None
    if brief.has_limits:
        contacts = ContactRoom(limits.option_counter[option], limits.allowance(record.contact_counts).room)
    return Field(
        columns.starts.astype(np.intp),
        action,
        worth_of(prices),
        Beliefs(columns.propensity, columns.log_odds_mean, columns.log_odds_deviation, catalogue.explores[action]),
        exploring,
        contacts,
    )


def _closings(brief: Brief, record: DecisionRecord) -> tuple[Closing, ...]:
    known = record.refusals
    return tuple(
        Closing(
            refusal.place,
            refusal.slot,
            closed_rows(brief.catalogue, brief.policy.limits, record.candidates.option, known[: number + 1]),
        )
        for number, refusal in enumerate(known)
    )
