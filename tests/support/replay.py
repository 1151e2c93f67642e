"""A recorded decision drawn again, from nothing but its record and its policy."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.bootstrap import open_stores
from services.orchestrator.domain.arbitration.beliefs import Beliefs
from services.orchestrator.domain.arbitration.reshaping import reshaped
from services.orchestrator.domain.arbitration.slate_vectors import Closing, SlateVectors
from services.orchestrator.domain.arbitration.slots import (
    ContactRoom,
    Field,
    SlotDraw,
    SlotPlan,
    Standing,
    Terms,
    fill_slots,
)
from services.orchestrator.domain.arbitration.worth import Prices, worth_of
from services.orchestrator.domain.policy.compile import compile_policy
from services.orchestrator.domain.policy.compiled import CompiledPolicy
from services.orchestrator.domain.refusals import closed_rows
from services.orchestrator.settings import OrchestratorSettings


async def record_in(folder: Path, decision_id: str) -> DecisionRecord:
    async with AsyncExitStack() as stack:
        record = await (await open_stores(OrchestratorSettings(data_dir=folder), stack)).log.get(decision_id)
    assert record is not None
    return record


def drawn_again(record: DecisionRecord, policy: CompiledPolicy) -> Sequence[SlotDraw]:
    field, terms, plans = _field(record, policy), _terms(record, policy), _plans(record)
    draws: Sequence[SlotDraw] = fill_slots(field, plans, terms)
    for known, refusal in enumerate(record.refusals, start=1):
        kept = [draw for draw in draws if (draw.place, draw.slot) < (refusal.place, refusal.slot)]
        closed = closed_rows(policy.catalogue, policy.limits, record.candidates.option, record.refusals[:known])
        draws = fill_slots(field, plans, terms, Standing(kept, closed, known))
    return draws


def slate_again(record: DecisionRecord, policy: CompiledPolicy) -> SlateVectors:
    """What its draws depended on."""
    closings = tuple(
        Closing(
            refusal.place,
            refusal.slot,
            closed_rows(policy.catalogue, policy.limits, record.candidates.option, record.refusals[:known]),
        )
        for known, refusal in enumerate(record.refusals, start=1)
    )
    return SlateVectors(_field(record, policy), _plans(record), _terms(record, policy), closings)


def _plans(record: DecisionRecord) -> list[SlotPlan]:
    places = record.command.places.placements
    return [SlotPlan(each.placement_id, each.count) for each in places] or [SlotPlan("", 1)]


def _field(record: DecisionRecord, policy: CompiledPolicy) -> Field:
    columns, catalogue = record.candidates, policy.catalogue
    action = catalogue.option_action[columns.option]
    prices = Prices(
        catalogue.lever[action], columns.business_value, columns.context_weight, catalogue.option_cost[columns.option]
    )
    assert record.scores is not None
    drawn_from = reshaped(columns.log_odds_mean, columns.log_odds_deviation, columns.propensity, record.scores.evidence)
    beliefs = Beliefs(columns.propensity, *drawn_from, catalogue.explores[action])
    exploring = catalogue.exploring(columns.option)
    if not record.answer.versions.model:
        exploring = exploring.without_exploration()
    contacts = None
    if policy.limits.limits and record.is_for_somebody:
        room = policy.limits.allowance(record.contact_counts).room
        contacts = ContactRoom(policy.limits.option_counter[columns.option], room)
    return Field(columns.starts.astype(np.intp), action, worth_of(prices), beliefs, exploring, contacts)


def _terms(record: DecisionRecord, policy: CompiledPolicy) -> Terms:
    return Terms(record.decision_id, policy.settings.reserve, record.command.across_placements is not False)


def compiled(files: dict[str, bytes]) -> CompiledPolicy:
    policy = compile_policy(files).policy
    assert policy is not None
    return policy
