"""What is kept of a decision, and what can be read back from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.choose import Choice
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.reserve import Contacted
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord, FloatColumn, SlotVector
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotDraw
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.decision import Answer, Candidate
from services.orchestrator.domain.drops import DropBlock
from services.orchestrator.domain.outranked import outranked
from services.orchestrator.domain.refusals import Refusal, closed_rows, refused_drops

_NO_NUMBERS = np.empty(0)
NO_CANDIDATES = CandidateColumns(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32), *(_NO_NUMBERS,) * 6)


def record_of(
    brief: Brief, known: Known, contacted: Contacted | None, answer: Answer, record_time_ms: int
) -> DecisionRecord:
    """`contacted` None: the decision failed closed."""
    command, choice = brief.command, None if contacted is None else contacted.choice
    return DecisionRecord(
        decision_id=answer.decision_id,
        request_id=command.request_id,
        body_hash=command.body_hash,
        profile_id=answer.profile_id,
        decision_time_ms=brief.now_ms,
        record_time_ms=record_time_ms,
        policy_version=brief.policy.versions.policy,
        feature_set_version=brief.policy.versions.feature_set,
        command=_kept(command, known, answer),
        features=known.features,
        consents=known.view.consents,
        fails_closed=choice is None,
        candidates=NO_CANDIDATES if choice is None else columns_of(choice),
        slots=() if choice is None else tuple(_vector(draw) for draw in choice.draws),
        answer=answer,
        contact_counts=known.contact_counts,
        is_known=known.view.is_known,
        refusals=() if contacted is None else contacted.refusals,
        is_for_somebody=brief.is_for_somebody,
    )


def _kept(command: DecideCommand, known: Known, answer: Answer) -> DecideCommand:
    """Without the names of anybody else."""
    if not answer.profile_id:
        return command.without_names()
    # A reservation that made the profile would have refused whom an erasure keeps out.
    return command.naming_only(known.view.held_identities) if known.view.profile_id else command


def columns_of(choice: Choice) -> CandidateColumns:
    contest, scores = choice.contest, choice.scored.scores
    return CandidateColumns(
        contest.starts.astype(np.int64),
        contest.option,
        choice.priority,
        scores.means,
        scores.log_odds_means,
        scores.log_odds_deviations,
        contest.prices.business_value,
        contest.prices.context_weight,
    )


def _vector(draw: SlotDraw) -> SlotVector:
    return SlotVector(draw.place, draw.slot, draw.row, draw.probabilities, draw.refusals, draw.explored)


def candidates_of(
    catalogue: Catalogue,
    placement_ids: Sequence[str],
    columns: CandidateColumns,
    slots: Sequence[SlotVector] | Sequence[SlotDraw],
) -> tuple[Candidate, ...]:
    """Every candidate, place by place, with its probability for the first slot of its place."""
    first = {slot.place: slot.probabilities[:-1].tolist() for slot in slots if slot.slot == 0}
    sizes = np.diff(columns.starts).tolist()
    probabilities = chain.from_iterable(first.get(place, [0.0] * size) for place, size in enumerate(sizes))
    places = chain.from_iterable([placement_ids[place]] * size for place, size in enumerate(sizes))
    rows = zip(
        columns.option.tolist(),
        places,
        probabilities,
        columns.priority.tolist(),
        columns.propensity.tolist(),
        strict=True,
    )
    return tuple(_candidate(catalogue, *row) for row in rows)


def _candidate(
    catalogue: Catalogue, option: int, placement_id: str, probability: float, priority: float, propensity: float
) -> Candidate:
    treatment = catalogue.options[option]
    action = catalogue.actions[treatment.action].action_id
    return Candidate(action, treatment.treatment_id, treatment.channel, placement_id, probability, priority, propensity)


def late_drops(
    brief: Brief,
    columns: CandidateColumns,
    slots: Sequence[SlotVector] | Sequence[SlotDraw],
    refusals: Sequence[Refusal],
) -> list[DropBlock]:
    """The candidates that got no slot: those the contact ledger had no room for, then those that lost."""
    catalogue, limits = brief.catalogue, brief.policy.limits
    chosen = np.array([slot.row for slot in slots if slot.row != SILENCE], dtype=np.intp)
    first = _first_of_place(brief, columns, slots)
    if not refusals:
        return [outranked(catalogue, columns.option, columns.priority, chosen, first)]
    refused = refused_drops(catalogue, limits, columns.option, refusals, chosen)
    closed = np.flatnonzero(closed_rows(catalogue, limits, columns.option, refusals))
    out = np.union1d(chosen, closed).astype(np.intp)
    return [*refused, outranked(catalogue, columns.option, columns.priority, out, first)]


def _first_of_place(
    brief: Brief, columns: CandidateColumns, slots: Sequence[SlotVector] | Sequence[SlotDraw]
) -> FloatColumn:
    """float64[C]: what the first slot of each candidate's place got is worth; silence is worth the reserve."""
    worth = np.full(columns.starts.size - 1, brief.policy.settings.reserve)
    for slot in slots:
        if slot.slot == 0 and slot.row != SILENCE:
            worth[slot.place] = columns.priority[slot.row]
    return np.repeat(worth, np.diff(columns.starts))
