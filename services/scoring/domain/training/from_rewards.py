"""A base model from what a deployment showed and what came of it.

    first 70 %   teaches; rewards are as they were at its end: what was corrected later is left to the layer
    then 10 %    says when to stop
    then 10 %    calibrates, and decides whether there is a forest at all
    last 10 %    gives the metrics

Where one of the last three would have too few outcomes of either kind, the first 80 % teach and the last 20 % do all
three: the metrics are a little optimistic then, and the lineage says so, as does whoever prints them. The layer over
the base learns everything behind the rows that taught; where the base is the rate alone, it learns them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from services.scoring.domain.amounts_encoding import EncodedAmounts, encode_amounts
from services.scoring.domain.base_model.columns import ForestColumns, Reading, columns_from
from services.scoring.domain.base_model.content import ModelContent
from services.scoring.domain.base_model.matrices import matrix_of
from services.scoring.domain.evaluation.prediction_quality import log_loss, quality
from services.scoring.domain.feature_set import FeatureSet
from services.scoring.domain.health.drift import reference_of
from services.scoring.domain.health.reference import to_plain
from services.scoring.domain.logs.log import Column
from services.scoring.domain.models import LATER_ROWS, LATER_ROWS_APART, LATER_ROWS_SHARED
from services.scoring.domain.training.calibration import Calibration
from services.scoring.domain.training.forest_learner import Course, ForestLearner, Matrix
from services.scoring.domain.training.presentations import Presentations
from services.scoring.domain.training.taught_forest import (
    Lesson,
    Part,
    TaughtForest,
    is_enough,
    probability,
    rate_log_odds,
    taught_forest,
)
from services.scoring.domain.training.taught_severity import TaughtSeverity, tallied, taught_severity

LEAST_PRESENTATIONS = 10
LEAST_OF_A_PART = 30
"""Outcomes of either kind, for each of the three later parts to be one of its own."""
REFERENCE_ROWS = 10_000
"""The newest of those that taught: what features were like is told by these."""
CourseOf = Callable[[str], Course]
"""How a training goes on, by the digest of what it learns from: the same rows, in the same way."""


class CannotLearn(Exception):
    """There is nothing to learn from; the text says why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of the log, in its order."""

    teach: slice
    stop: slice
    calibrate: slice
    report: slice

    @property
    def are_apart(self) -> bool:
        return self.stop != self.report


@dataclass(frozen=True, slots=True, eq=False)
class LearntModel:
    """`metrics` are of the last part; `positives` of all rows; `trees` is 0 where the base is the rate alone."""

    content: ModelContent
    metrics: Mapping[str, float]
    rows: int
    positives: int
    window_start_ms: int
    window_end_ms: int
    trees: int
    lineage: Mapping[str, str]


def learn_from_rewards(
    found: Presentations,
    feature_set: FeatureSet,
    learner: ForestLearner,
    seed: int,
    course_of: CourseOf = lambda _: Course(),
) -> LearntModel:
    """`feature_set`: features and actions as they are at the end of the log. Raises CannotLearn."""
    if len(found) < LEAST_PRESENTATIONS:
        text = f"the log has {len(found)} presentations to learn from: at least {LEAST_PRESENTATIONS} are needed"
        raise CannotLearn(text)
    final = found.rewards()
    parts = parts_of(final)
    taught_through = int(found.position[parts.teach][-1])
    labels = found.rewards(taught_through)[parts.teach]
    columns = columns_from(feature_set, found.table.take(parts.teach).counts)
    matrix = matrix_of(columns, found.table)
    taught = None
    lesson = _lesson(columns, feature_set, matrix, labels, final, parts)
    if is_enough(labels, final[parts.calibrate]):
        taught = taught_forest(lesson, learner, seed, course_of(_digest(lesson, seed)))
    severity, amounts = (None, None) if taught is None else _amounts(found, feature_set, lesson, learner, seed)
    content = ModelContent(
        feature_set.objective,
        columns,
        rate_log_odds(final),
        taught_through if taught else int(found.position[0]) - 1,
        taught.forest.text() if taught else "",
        taught.calibration if taught else Calibration(),
        _reference(found, parts),
        severity.forest.text() if severity else "",
        severity.log_scale if severity else 0.0,
        amounts,
        _evidence(found, parts) if taught else {},
    )
    return LearntModel(
        content,
        _metrics(taught, matrix[parts.report], final[parts.report], rate_log_odds(labels)),
        len(found),
        int((final > 0.0).sum()),
        int(found.time_ms.min()),
        int(found.time_ms.max()),
        taught.forest.rounds if taught else 0,
        _lineage(found, parts, taught, seed) | _of_amounts(feature_set, severity, amounts),
    )


def parts_of(outcome: Column) -> Parts:
    """By the outcomes of all rows."""
    rows = outcome.size
    ends = [round(rows * share) for share in (0.7, 0.8, 0.9)]
    parts = Parts(slice(0, ends[0]), slice(*ends[:2]), slice(*ends[1:]), slice(ends[2], rows))
    later = (outcome[part] > 0.0 for part in (parts.stop, parts.calibrate, parts.report))
    if all(min(int(is_one.sum()), int((~is_one).sum())) >= LEAST_OF_A_PART for is_one in later):
        return parts
    last = slice(ends[1], rows)
    return Parts(slice(0, ends[1]), last, last, last)


def monotone_of(columns: ForestColumns, feature_set: FeatureSet) -> tuple[int, ...]:
    """1, 0 or -1 of every column."""
    return tuple(
        feature_set.monotone.get(column.name, 0) if column.reading is Reading.NUMBER else 0
        for column in columns.columns
    )


def interactions_of(columns: ForestColumns, feature_set: FeatureSet) -> tuple[tuple[int, ...], ...]:
    """Places of the columns that may be combined; what no group names stands alone, with all its columns."""
    if not feature_set.interactions:
        return ()
    named = {name for names in feature_set.interactions for name in names}
    alone = [(name,) for name in columns.names if name not in named]
    groups = (
        tuple(place for place, column in enumerate(columns.columns) if column.name in names)
        for names in (*feature_set.interactions, *alone)
    )
    return tuple(group for group in groups if group)


def _lesson(
    columns: ForestColumns, feature_set: FeatureSet, matrix: Matrix, labels: Column, final: Column, parts: Parts
) -> Lesson:
    return Lesson(
        Part(matrix[parts.teach], labels),
        Part(matrix[parts.stop], final[parts.stop]),
        Part(matrix[parts.calibrate], final[parts.calibrate]),
        columns.categorical,
        monotone_of(columns, feature_set),
        interactions_of(columns, feature_set),
    )


def _amounts(
    found: Presentations, feature_set: FeatureSet, lesson: Lesson, learner: ForestLearner, seed: int
) -> tuple[TaughtSeverity | None, EncodedAmounts | None]:
    """The forest of amounts, and those that taught as the layer over it goes on from them."""
    if not feature_set.prior_value:
        return None, None
    rows = parts_of(found.rewards())
    taught_through = int(found.position[rows.teach][-1])
    early, final = found.values(taught_through)[rows.teach], found.values()
    outcomes = (early, final[rows.stop], final[rows.calibrate])
    parts = zip((lesson.teach, lesson.stop, lesson.calibrate), outcomes, strict=True)
    teach, stop, calibrate = (replace(part, outcome=outcome) for part, outcome in parts)
    severity = taught_severity(replace(lesson, teach=teach, stop=stop, calibrate=calibrate), learner, seed)
    expected = severity.amounts(teach.matrix) if severity else None
    table = found.table.take(rows.teach)
    return severity, encode_amounts(tallied(table.actions, table.action.tolist(), early, expected))


def _of_amounts(
    feature_set: FeatureSet, severity: TaughtSeverity | None, amounts: EncodedAmounts | None
) -> dict[str, str]:
    if not feature_set.prior_value:
        return {}
    return {
        "rounds_of_amounts": str(severity.forest.rounds if severity else 0),
        "amounts": "none" if amounts is None else "relative to the forest" if severity else "as they are",
    }


def _metrics(taught: TaughtForest | None, matrix: Matrix, outcome: Column, rate: float) -> dict[str, float]:
    """On the rows of the report. What does not exist, such as the AUC without positives, is left out."""
    of_rate = probability(np.full(outcome.size, rate))
    found = quality(of_rate if taught is None else probability(taught.log_odds(matrix)), outcome)
    figures = {name: asdict(found)[name] for name in ("auc", "log_loss", "brier", "calibration_error")}
    figures["base_log_loss"] = float(log_loss(of_rate, outcome).mean())
    return {name: figure for name, figure in figures.items() if isfinite(figure)}


def _evidence(found: Presentations, parts: Parts) -> dict[str, int]:
    """The presentations of each action that taught."""
    table = found.table.take(parts.teach)
    counts = np.bincount(np.asarray(table.action), minlength=len(table.actions)).tolist()
    return {action.action: count for action, count in zip(table.actions, counts, strict=True) if count}


def _reference(found: Presentations, parts: Parts) -> Mapping[str, Any]:
    end = parts.teach.stop
    return to_plain(reference_of([found.table.features_at(row) for row in range(max(0, end - REFERENCE_ROWS), end)]))


def _digest(lesson: Lesson, seed: int) -> str:
    shape = (seed, lesson.categorical, lesson.monotone, lesson.interactions)
    digest = hashlib.sha256(repr(shape).encode())
    for part in (lesson.teach, lesson.stop):
        digest.update(np.ascontiguousarray(part.matrix).data)
        digest.update(np.ascontiguousarray(part.outcome).data)
    return digest.hexdigest()


def _lineage(found: Presentations, parts: Parts, taught: TaughtForest | None, seed: int) -> dict[str, str]:
    return {
        "seed": str(seed),
        "rounds": str(taught.forest.rounds if taught else 0),
        "calibration": taught.calibration.method if taught else "none",
        "rows_that_taught": str(parts.teach.stop),
        LATER_ROWS: LATER_ROWS_APART if parts.are_apart else LATER_ROWS_SHARED,
        "rows_that_report": str(parts.report.stop - parts.report.start),
        "older_rows_left_out": str(found.dropped),
    }
