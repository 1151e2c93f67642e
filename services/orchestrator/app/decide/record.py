"""What is kept of a decision, and what can be read back from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from operator import ne

import numpy as np

from services.orchestrator.app.command import DecideCommand
from services.orchestrator.app.decide.brief import Brief
from services.orchestrator.app.decide.choose import Choice
from services.orchestrator.app.decide.gather import Known
from services.orchestrator.app.decide.placements import Settled
from services.orchestrator.app.decide.stick import sticky_until
from services.orchestrator.app.decision_record import (
    CandidateColumns,
    DecisionRecord,
    FloatColumn,
    ScoreColumns,
    ShadowColumn,
    SlotVector,
)
from services.orchestrator.app.pressure.learning import PressureLearning, learning_of
from services.orchestrator.domain.arbitration.contenders import incumbents
from services.orchestrator.domain.arbitration.slots import SILENCE, SlotDraw
from services.orchestrator.domain.arms import Arm
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.decision import Answer, Candidate
from services.orchestrator.domain.drops import DropBlock
from services.orchestrator.domain.kept_out import at_most_drops, ghost_drops, ghosts_of
from services.orchestrator.domain.outranked import outranked
from services.orchestrator.domain.refusals import Refusal, closed_rows, refused_drops
from services.orchestrator.domain.volume.standing import refused_by_volume, volume_closed

_NO_NUMBERS = np.empty(0)
NO_CANDIDATES = CandidateColumns(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32), *(_NO_NUMBERS,) * 6)
NO_SCORES = ScoreColumns(_NO_NUMBERS, _NO_NUMBERS)


def record_of(settled: Settled, answer: Answer, record_time_ms: int) -> DecisionRecord:
    """Of a decision that came to its end."""
    brief, choice = settled.brief, settled.choice
    return replace(
        closed_record(brief, settled.known, answer, record_time_ms),
        fails_closed=False,
        candidates=columns_of(choice),
        slots=tuple(_vector(draw) for draw in choice.draws),
        refusals=settled.contacted.refusals,
        segments=settled.verdict.segments if brief.policy.compiled.reads_segments else None,
        shadow=_shadow(choice),
        is_apprentice=choice.scored.scores.is_apprentice,
        scores=_scores(choice),
        ledger_failure=settled.contacted.advisory,
        reported_segments=settled.verdict.segments if brief.policy.compiled.arms.are_declared else (),
        pressure_learning=_pressure_learning(brief, settled.known),
    )


def closed_record(brief: Brief, known: Known, answer: Answer, record_time_ms: int) -> DecisionRecord:
    """Of a decision that failed closed: nothing competed."""
    command = brief.command
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
        fails_closed=True,
        candidates=NO_CANDIDATES,
        slots=(),
        answer=answer,
        contact_counts=known.contact_counts,
        is_known=known.view.is_known,
        is_for_somebody=brief.is_for_somebody,
        objectives=brief.policy.objectives,
        past_contacts=known.past_contacts,
        scores=NO_SCORES,
        known_advisories=known.advisories,
        consent_ms=brief.consent_ms,
        quiet=known.quiet,
        volume=() if known.volume is None else known.volume.resources,
        sticky=known.sticky,
        sticky_until_ms=sticky_until(brief),
        arm=known.arm,
        pressure=known.pressure,
        pressure_basis=known.pressure_basis,
    )


def _pressure_learning(brief: Brief, known: Known) -> PressureLearning | None:
    """Only of those for whom gaps hold: what else moved a level says nothing of what it does. Not of what is decided
    for the past: outcomes that were told with it would come before the contact that the level is of."""
    if known.pressure is None or known.arm.arm is not Arm.DECISIONING or brief.is_of_the_past:
        return None
    return learning_of(brief.policy)


def _shadow(choice: Choice) -> ShadowColumn | None:
    said, contest = choice.scored.scores.shadow, choice.contest
    if said is None:
        return None
    reserve = choice.arena.terms.reserve
    ours = incumbents(contest.starts, choice.priority, reserve)
    others = incumbents(contest.starts, contest.worth.at(said.means), reserve)
    return ShadowColumn(said.model_version, said.means, sum(map(ne, ours, others)))


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
        None if scores.severity is None else scores.severity.means,
        contest.prices.pressure_cost,
    )


def _scores(choice: Choice) -> ScoreColumns:
    scores = choice.scored.scores
    return ScoreColumns(scores.uncertainties, scores.evidences, choice.scored.is_learnt)


def _vector(draw: SlotDraw) -> SlotVector:
    return SlotVector(
        draw.place, draw.slot, draw.row, draw.probabilities, draw.refusals, draw.explored, draw.withheld, draw.sticky
    )


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
        [0.0] * columns.option.size if columns.pressure_cost is None else columns.pressure_cost.tolist(),
        strict=True,
    )
    return tuple(_candidate(catalogue, *row) for row in rows)


def _candidate(catalogue: Catalogue, option: int, placement_id: str, *numbers: float) -> Candidate:
    treatment = catalogue.options[option]
    action = catalogue.actions[treatment.action].action_id
    return Candidate(action, treatment.treatment_id, treatment.channel, placement_id, *numbers)


def late_drops(
    brief: Brief,
    columns: CandidateColumns,
    slots: Sequence[SlotVector] | Sequence[SlotDraw],
    refusals: Sequence[Refusal],
) -> list[DropBlock]:
    """The candidates that got no slot: those the contact ledger had no room for, those that were one too many, those
    that were withheld on purpose, then those that lost."""
    catalogue, option, priority = brief.catalogue, columns.option, columns.priority
    out = np.array([slot.row for slot in slots if slot.row != SILENCE], dtype=np.intp)
    first = _first_of_place(brief, columns, slots)
    blocks: list[DropBlock] = []
    if refusals:
        blocks += refused_drops(catalogue, brief.limits, option, refusals, out)
        volume = brief.policy.compiled.volume
        blocks += refused_by_volume(catalogue, volume, option, refusals, out)
        by_ledger, by_volume = (
            closed_rows(catalogue, brief.limits, option, refusals),
            volume_closed(volume, option, refusals),
        )
        closed = np.flatnonzero(by_ledger | by_volume)
        out = np.union1d(out, closed).astype(np.intp)
    ghosts = ghosts_of(slots)
    if ghosts.size:
        blocks.append(ghost_drops(catalogue, option, priority, ghosts, out))
        out = np.union1d(out, ghosts).astype(np.intp)
    if brief.policy.compiled.at_most is not None:
        surplus, rows = at_most_drops(catalogue, brief.policy.compiled.at_most, option, columns.starts, slots, out)
        blocks += surplus
        out = np.union1d(out, rows).astype(np.intp)
    return [*blocks, outranked(catalogue, option, priority, out, first)]


def _first_of_place(
    brief: Brief, columns: CandidateColumns, slots: Sequence[SlotVector] | Sequence[SlotDraw]
) -> FloatColumn:
    """float64[C]: what the winner of the first slot of each candidate's place is worth; silence the reserve."""
    worth = np.full(columns.starts.size - 1, brief.policy.settings.reserve)
    for slot in slots:
        winner = slot.withheld.ghost if slot.row == SILENCE and slot.withheld is not None else slot.row
        if slot.slot == 0 and winner != SILENCE:
            worth[slot.place] = columns.priority[winner]
    return np.repeat(worth, np.diff(columns.starts))
