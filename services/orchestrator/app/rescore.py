"""The scores of a recorded decision, asked for again of the model as it was then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decide.recall import recalled_brief
from services.orchestrator.app.decide.score import question_of
from services.orchestrator.app.decision_record import DecisionRecord, FloatColumn
from services.orchestrator.app.ports import ScoreQuestion, Scores
from services.orchestrator.app.surroundings import Surroundings
from services.orchestrator.domain.objectives import model_features

RESCORE_MS = 60_000
"""How long it may take: the reward log is read from the nearest state that is kept of the model."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Rescored:
    """`difference` is the greatest between any two numbers that should be the same; 0 where nothing was scored."""

    model_version: str
    difference: float
    scores: int
    """How many candidates."""

    @property
    def is_within_tolerance(self) -> bool:
        return self.difference <= TOLERANCE


class Rescore:
    def __init__(self, world: Surroundings) -> None:
        self._world = world

    async def __call__(self, record: DecisionRecord, policy: ActivePolicy) -> Rescored:
        """Of a decision on which nobody scored, nothing is asked. Of an apprentice, whose answer was not used, what it
        would have said. Raises FailedPrecondition (MODEL_STATE_GONE), Unavailable."""
        version = _model_version(record)
        size = record.candidates.option.size
        if not version or not size:
            return Rescored(version, 0.0, 0)
        question = _question(record, policy)
        deadline_ms = self._world.clock() + RESCORE_MS
        scores = await self._world.rescorer.rescore(question, version, deadline_ms=deadline_ms)
        return Rescored(version, _difference(record, scores), size)


def _model_version(record: DecisionRecord) -> str:
    if record.scores is None or not record.scores.is_learnt:
        return ""
    if record.is_apprentice and record.shadow is not None:
        return record.shadow.model_version
    return record.answer.versions.model


def _question(record: DecisionRecord, policy: ActivePolicy) -> ScoreQuestion:
    candidates = record.candidates
    place_of_row = np.repeat(np.arange(candidates.starts.size - 1), np.diff(candidates.starts))
    features = model_features(record.features, record.segments, record.past_contacts)
    return question_of(recalled_brief(record, policy), features, candidates.option, place_of_row)


def _difference(record: DecisionRecord, scores: Scores) -> float:
    candidates, others = record.candidates, record.scores
    assert others is not None, "what was not scored is not scored again"
    if record.is_apprentice:
        shadow = record.shadow
        pairs = [(others.evidence, scores.evidences)]
        pairs += [] if shadow is None else [(shadow.propensity, scores.means)]
    else:
        pairs = [
            (candidates.propensity, scores.means),
            (others.uncertainty, scores.uncertainties),
            (others.evidence, scores.evidences),
            (candidates.log_odds_mean, scores.log_odds_means),
            (candidates.log_odds_deviation, scores.log_odds_deviations),
        ]
        if candidates.expected_value is not None and scores.severity is not None:
            pairs.append((candidates.expected_value, scores.severity.means))
    return max(_greatest(recorded, again) for recorded, again in pairs)


def _greatest(recorded: FloatColumn, again: FloatColumn) -> float:
    if recorded.shape != again.shape:
        return float("inf")
    distance = np.abs(recorded - again)
    return float(np.where(np.isnan(distance), np.inf, distance).max(initial=0.0))
