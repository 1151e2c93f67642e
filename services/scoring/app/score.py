"""Scoring all candidates of one customer."""

from __future__ import annotations

import asyncio

from services.scoring.app.feature_sets import FeatureSets
from services.scoring.app.live_model import LiveModel
from services.scoring.app.ports import Observer
from services.scoring.domain.compiled import CompiledFeatureSet
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import InvalidArgument

MAX_CANDIDATES = 60_000
_INLINE_WORK = 60_000
"""Weights looked up, about 20 ns each: more leaves the event loop."""


async def score(query: ScoreQuery, feature_sets: FeatureSets, model: LiveModel, observer: Observer) -> Scores:
    """Raises NotFound for an unknown feature set, InvalidArgument for what the query's fields must not be."""
    _check_columns(query)
    compiled = await feature_sets.get(query.feature_set_version)
    if _work(compiled, len(query.actions)) <= _INLINE_WORK:
        scores = model.scorer.score(compiled, query)
    else:
        with model.held() as scorer:
            scores = await asyncio.to_thread(scorer.score, compiled, query)
    observer.scored(scores.means)
    return scores


def _check_columns(query: ScoreQuery) -> None:
    count = len(query.actions)
    if count > MAX_CANDIDATES:
        raise InvalidArgument.field("actions", f"must have at most {MAX_CANDIDATES} items, not {count}")
    for name, names in (("channels", query.channels), ("placement_ids", query.placement_ids)):
        if len(names) not in (0, count):
            raise InvalidArgument.field(name, f"must have as many items as actions, {count}, or none; not {len(names)}")


def _work(compiled: CompiledFeatureSet, candidates: int) -> int:
    """About how many weights a score looks up: those of the candidates' tokens and of their crosses."""
    entries: int = candidates * compiled.tokens.shape[1]
    return entries + 2 * len(compiled.features) * min(entries, len(compiled.token_hashes))
