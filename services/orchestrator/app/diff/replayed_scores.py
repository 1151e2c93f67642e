"""What the scoring service said of a decision's candidates, and says now of those that were none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from services.orchestrator.app.active_policies import ActivePolicy
from services.orchestrator.app.decision_record import CandidateColumns, DecisionRecord
from services.orchestrator.app.ports import ScoreQuestion, Scorer, Scores, Severity
from shared.errors import TandemError

Column = NDArray[np.float64]
Candidate = tuple[str, str, str]
"""Action, channel, placement."""


class ReplayedScores:
    """Implements Scorer. `failure` is why nobody answers now."""

    def __init__(self, record: DecisionRecord, logged: ActivePolicy, scorer: Scorer, *, same_objective: bool) -> None:
        self._record = record
        self._scorer = scorer
        self._rows = _recorded_rows(record, logged) if same_objective else {}
        self.failure: TandemError | None = None

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        candidates = list(zip(question.action_ids(), question.channels, question.placement_ids, strict=True))
        rows = np.array([self._rows.get(each, -1) for each in candidates], dtype=np.intp)
        fresh = np.flatnonzero(rows < 0)
        if not fresh.size:
            return self._recorded(rows)
        try:
            answer = await self._scorer.score(_of(question, fresh), deadline_ms=deadline_ms)
        except TandemError as failure:
            self.failure = failure
            raise
        return _merged(self._recorded(rows), answer, fresh) if fresh.size < rows.size else replace(answer, shadow=None)

    def _recorded(self, rows: NDArray[np.intp]) -> Scores:
        record, scores = self._record, self._record.scores
        assert scores is not None, "a record without scores has no rows"
        columns = record.candidates
        return Scores(
            record.answer.versions.model,
            columns.propensity[rows],
            scores.uncertainty[rows],
            scores.evidence[rows],
            columns.log_odds_mean[rows],
            columns.log_odds_deviation[rows],
            is_apprentice=record.is_apprentice,
            severity=_severity_of(columns, rows),
        )


def _recorded_rows(record: DecisionRecord, logged: ActivePolicy) -> dict[Candidate, int]:
    """None of a decision that nobody scored."""
    if record.scores is None or not record.scores.is_learnt:
        return {}
    columns, catalogue = record.candidates, logged.catalogue
    place = np.repeat(np.arange(columns.starts.size - 1), np.diff(columns.starts)).tolist()
    names = [each.placement_id for each in record.answer.placements]
    return {
        (catalogue.actions[option.action].action_id, option.channel, names[place[row]]): row
        for row, option in enumerate(catalogue.options[index] for index in columns.option.tolist())
    }


def _of(question: ScoreQuestion, rows: NDArray[np.intp]) -> ScoreQuestion:
    return replace(
        question,
        actions=question.actions[rows],
        channels=tuple(question.channels[row] for row in rows.tolist()),
        placement_ids=tuple(question.placement_ids[row] for row in rows.tolist()),
    )


def _merged(recorded: Scores, answer: Scores, fresh: NDArray[np.intp]) -> Scores:
    def column(name: str) -> Column:
        merged: Column = getattr(recorded, name).copy()
        merged[fresh] = getattr(answer, name)
        return merged

    return Scores(
        recorded.model_version,
        column("means"),
        column("uncertainties"),
        column("evidences"),
        column("log_odds_means"),
        column("log_odds_deviations"),
        is_apprentice=recorded.is_apprentice,
        severity=_merged_severity(recorded.severity, answer.severity, fresh),
    )


def _severity_of(columns: CandidateColumns, rows: NDArray[np.intp]) -> Severity | None:
    """How sure it was of amounts is not recorded, and decides nothing."""
    amounts = columns.expected_value
    return None if amounts is None else Severity(amounts[rows], np.zeros(rows.size))


def _merged_severity(recorded: Severity | None, answer: Severity | None, fresh: NDArray[np.intp]) -> Severity | None:
    if recorded is None or answer is None:
        return None
    means, deviations = recorded.means.copy(), recorded.deviations.copy()
    means[fresh], deviations[fresh] = answer.means, answer.deviations
    return Severity(means, deviations)
