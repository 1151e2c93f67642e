"""Scoring all candidates of one customer, by the champion and by the model that is only tried."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.model_in_use import ModelInUse
from services.scoring.app.models_in_use import ModelsInUse, Roles
from services.scoring.app.ports import Observer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.scoring import ScoreQuery, Scores, ShadowScores, expected_rate
from shared.errors import InvalidArgument

MAX_CANDIDATES = 60_000
INLINE_WORK = 60_000
"""Weights looked up, about 20 ns each: more leaves the event loop."""


async def score(query: ScoreQuery, feature_sets: FeatureSets, models: ModelsInUse, observer: Observer) -> Scores:
    """Raises NotFound for an unknown feature set, InvalidArgument for what the query's fields must not be."""
    check_columns(query)
    compiled = await feature_sets.get(query.feature_set_version)
    roles = await models.of(compiled.objective)
    said = await _scored(query, roles.champion, observer)
    tried = None if roles.shadow is None else await _scored(query, roles.shadow, observer)
    scores = answer(roles, compiled, said, tried)
    observer.scored(scores.means)
    return scores


def answer(roles: Roles, compiled: CompiledFeatureSet, said: Scores, tried: Scores | None) -> Scores:
    """Of what the champion said, and of what the model said that is only tried."""
    if roles.is_apprentice:
        return expected_rate(said, compiled.prior_propensity)
    return said if tried is None else replace(said, shadow=ShadowScores(tried.model_version, tried.means))


async def _scored(query: ScoreQuery, model: ModelInUse, observer: Observer) -> Scores:
    compiled = await model.feature_sets.get(query.feature_set_version)
    if work(compiled, len(query.actions)) <= INLINE_WORK:
        scores = model.scorer.score(compiled, query)
    else:
        with model.live.held() as scorer:
            scores = await asyncio.to_thread(scorer.score, compiled, query)
    if scores.unusable:
        observer.unusable(compiled.objective, scores.unusable)
    return scores


def check_columns(query: ScoreQuery) -> None:
    """Raises InvalidArgument where the columns do not belong together."""
    count = len(query.actions)
    if count > MAX_CANDIDATES:
        raise InvalidArgument.field("actions", f"must have at most {MAX_CANDIDATES} items, not {count}")
    for name, names in (("channels", query.channels), ("placement_ids", query.placement_ids)):
        if len(names) not in (0, count):
            raise InvalidArgument.field(name, f"must have as many items as actions, {count}, or none; not {len(names)}")


def work(compiled: CompiledFeatureSet, candidates: int) -> int:
    """About how many weights a score looks up: those of the candidates' tokens and of their crosses."""
    entries: int = candidates * compiled.tokens.shape[1]
    return entries + 2 * len(compiled.features) * min(entries, len(compiled.token_hashes))
