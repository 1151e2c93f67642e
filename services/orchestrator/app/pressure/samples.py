"""What the contacts of one decision taught of pressure, when their windows are over."""

from __future__ import annotations

from collections.abc import Sequence

from services.orchestrator.app.decision_record import DecisionRecord
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.pressure.learning import teaching
from services.orchestrator.domain.catalogue import Direction
from services.orchestrator.domain.decision import Proposition
from services.orchestrator.domain.objectives import Objective
from services.orchestrator.domain.outcome import Lesson, Outcome, reward_of
from services.orchestrator.domain.pressure.sample import PressureSample

_NOT_MADE = frozenset({Outcome.NOT_PRESENTED, Outcome.BOUNCED, Outcome.FAILED})
"""The contact reached nobody."""
_LEFT = frozenset({Outcome.UNSUBSCRIBED, Outcome.COMPLAINED})


def samples_of(record: DecisionRecord, outcomes: Sequence[CapturedOutcome]) -> list[PressureSample]:
    """`outcomes`: all of the decision."""
    samples = (
        _sample(record, proposition, [each for each in outcomes if each.reward_key == key])
        for key, proposition in teaching(record)
    )
    return [sample for sample in samples if sample is not None]


def _sample(
    record: DecisionRecord, proposition: Proposition, outcomes: Sequence[CapturedOutcome]
) -> PressureSample | None:
    """None where it was no contact in the end."""
    standing, learning = record.pressure, record.pressure_learning
    assert standing is not None, "the decision learns pressure"
    assert learning is not None, "the decision learns pressure"
    if any(each.item.outcome in _NOT_MADE for each in outcomes):
        return None
    end_ms = record.decision_time_ms + learning.response_window_ms
    said = [each for each in outcomes if each.outcome_time_ms <= end_ms and not each.item.is_machine]
    return PressureSample(
        profile_id=record.profile_id,
        level=standing.level,
        deviation=standing.deviation,
        propensity=proposition.propensity,
        value=proposition.business_value,
        responded=_has_responded(record, said),
        unsubscribed=any(each.item.outcome in _LEFT for each in said),
    )


def _has_responded(record: DecisionRecord, outcomes: Sequence[CapturedOutcome]) -> bool:
    """As the objective by which was decided says."""
    objective = _decided_by(record)
    lessons = (
        Lesson(
            objective.effect_of(
                each.item.outcome,
                Direction.OUTBOUND,
                is_machine=each.item.is_machine,
                age_ms=each.outcome_time_ms - record.decision_time_ms,
            ),
            each.outcome_time_ms,
        )
        for each in outcomes
    )
    reward = reward_of(lessons)
    return reward is not None and reward.value > 0


def _decided_by(record: DecisionRecord) -> Objective:
    wanted = record.feature_set_version
    objectives = record.objectives or (Objective(feature_set_version=wanted),)
    return next((each for each in objectives if each.feature_set_version == wanted), objectives[0])
