"""Scoring the same candidates for many subjects, or of them those that each subject names."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    """`candidates` are those of every subject; its own features are none. `own`: by subject the places in them that are
    its candidates, empty for all; none at all where every subject has all."""

    candidates: ScoreQuery
    subjects: Sequence[Subject]
    own: Sequence[tuple[int, ...]] = ()


async def batch_score(query: BatchQuery, feature_sets: FeatureSets, models: ModelsInUse, observer: Observer) -> Answers:
    """In the order of the subjects, scores or an error each. Raises NotFound for an unknown feature set,
    InvalidArgument for what is wrong for all.
    """
    _check(query)
    compiled = await feature_sets.get(query.candidates.feature_set_version)
    compiled.rows_of(query.candidates.actions)
    found: list[Subject | Scores] = [_read(compiled, subject, index) for index, subject in enumerate(query.subjects)]
    roles = await models.of(compiled.objective)
    for own, places in _alike(query.own, found).items():
        candidates = _narrowed(query.candidates, own)
        known = [features for place in places if isinstance(features := found[place], Mapping)]
        said: Sequence[Scores | None] = await _scored(candidates, known, roles.champion, observer)
        tried: Sequence[Scores | None] = [None] * len(known)
        if roles.shadow is not None:
            tried = await _scored(candidates, known, roles.shadow, observer)
        for place, champion, shadow in zip(places, said, tried, strict=True):
            assert champion is not None, "the champion scores everybody"
            found[place] = answer(roles, compiled, champion, shadow)
        await asyncio.sleep(0)  # where each has candidates of its own, others get their turn
    answers = [each for each in found if not isinstance(each, Mapping)]
    for each in answers:
        if not isinstance(each, TandemError):
            observer.scored(each.means)
    return answers


def _alike(own: Sequence[tuple[int, ...]], read: Sequence[Subject | Scores]) -> Mapping[tuple[int, ...], list[int]]:
    """The places of the subjects that could be read, by their candidates."""
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, subject in enumerate(read):
        if not isinstance(subject, TandemError):
            alike[own[place] if own else ()].append(place)
    return alike


def _narrowed(candidates: ScoreQuery, own: tuple[int, ...]) -> ScoreQuery:
    """They alone: what all candidates of a call have in common depends on which they are."""
    if not own:
        return candidates
    return replace(
        candidates,
        actions=[candidates.actions[place] for place in own],
        channels=[candidates.channels[place] for place in own] if candidates.channels else (),
        placement_ids=[candidates.placement_ids[place] for place in own] if candidates.placement_ids else (),
    )


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
    for index, own in enumerate(query.own):
        if any(not 0 <= place < candidates for place in own):
            raise InvalidArgument.field(f"subjects[{index}].candidates", f"must be places in {candidates} actions")
    scores = sum(len(own) or candidates for own in query.own) if query.own else subjects * candidates
    if scores > MAX_CANDIDATES:
        text = f"must be at most {MAX_CANDIDATES} scores in all, not {scores} of {subjects} subjects"
        raise InvalidArgument.field("actions", text)


def _read(compiled: CompiledFeatureSet, subject: Subject, index: int) -> Subject:
    if isinstance(subject, TandemError):
        return subject
    try:
        return read_features(compiled.features, subject, f"subjects[{index}].features")
    except InvalidArgument as error:
        return error
