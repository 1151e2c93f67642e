"""Scoring the same candidates for many subjects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.model_in_use import ModelInUse
from services.scoring.app.models_in_use import ModelsInUse
from services.scoring.app.ports import Observer
from services.scoring.app.score import INLINE_WORK, MAX_CANDIDATES, answer, check_columns, work
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.customer import read_features
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import InvalidArgument, TandemError
from shared.values import Feature

MAX_SUBJECTS = 1_000

Subject = Mapping[str, Feature] | TandemError
"""As it arrived: a subject's features, or why they could not be read."""
Answers = list[Scores | TandemError]


@dataclass(frozen=True, slots=True)
class BatchQuery:
    """`candidates` are those of every subject; its own features are none."""

    candidates: ScoreQuery
    subjects: Sequence[Subject]


async def batch_score(query: BatchQuery, feature_sets: FeatureSets, models: ModelsInUse, observer: Observer) -> Answers:
    """In the order of the subjects, scores or an error each. Raises NotFound for an unknown feature set,
    InvalidArgument for what is wrong for all.
    """
    _check(query)
    compiled = await feature_sets.get(query.candidates.feature_set_version)
    compiled.rows_of(query.candidates.actions)
    read = [_read(compiled, subject, index) for index, subject in enumerate(query.subjects)]
    known = [features for features in read if not isinstance(features, TandemError)]
    roles = await models.of(compiled.objective)
    said = await _scored(query.candidates, known, roles.champion, observer)
    tried = (
        [None] * len(known) if roles.shadow is None else await _scored(query.candidates, known, roles.shadow, observer)
    )
    answers = iter([answer(roles, compiled, *both) for both in zip(said, tried, strict=True)])
    found: Answers = [each if isinstance(each, TandemError) else next(answers) for each in read]
    for each in found:
        if not isinstance(each, TandemError):
            observer.scored(each.means)
    return found


async def _scored(
    query: ScoreQuery, customers: Sequence[Mapping[str, Feature]], model: ModelInUse, observer: Observer
) -> Sequence[Scores]:
    compiled = await model.feature_sets.get(query.feature_set_version)
    if work(compiled, len(query.actions)) * len(customers) <= INLINE_WORK:
        scores = model.scorer.score_each(compiled, query, customers)
    else:
        with model.live.held() as scorer:
            scores = await asyncio.to_thread(scorer.score_each, compiled, query, customers)
    unusable = sum(each.unusable for each in scores)
    if unusable:
        observer.unusable(compiled.objective, unusable)
    return scores


def _check(query: BatchQuery) -> None:
    check_columns(query.candidates)
    subjects, candidates = len(query.subjects), len(query.candidates.actions)
    if not 1 <= subjects <= MAX_SUBJECTS:
        raise InvalidArgument.field("subjects", f"must have 1 to {MAX_SUBJECTS} items, not {subjects}")
    if subjects * candidates > MAX_CANDIDATES:
        text = f"must be at most {MAX_CANDIDATES} scores in all, not {subjects} x {candidates}"
        raise InvalidArgument.field("actions", text)


def _read(compiled: CompiledFeatureSet, subject: Subject, index: int) -> Subject:
    if isinstance(subject, TandemError):
        return subject
    try:
        return read_features(compiled.features, subject, f"subjects[{index}].features")
    except InvalidArgument as error:
        return error
