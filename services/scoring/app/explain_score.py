"""Why one candidate has its score, by a model in use.

What is needed for nothing else, the forest as text and the actions as they were declared, is read when it is first
asked for, and kept for a few models and feature sets.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.scoring.app.models_in_use import ModelsInUse
from services.scoring.app.ports import FeatureSetStore, ForestContributions, ModelStore, Scorer
from services.scoring.domain.base_model.columns import Shown
from services.scoring.domain.base_model.content import ModelContent, decode
from services.scoring.domain.compiled import CompiledFeatureSet, Floats, unknown_action
from services.scoring.domain.customer import read_features
from services.scoring.domain.explanation.explanation import Explanation
from services.scoring.domain.explanation.forest import raw_parts
from services.scoring.domain.explanation.reasons import reasons_of
from services.scoring.domain.feature_set import FeatureSet
from shared.errors import FailedPrecondition, InvalidArgument, NotFound
from shared.values import Feature

DEFAULT_REASONS, MAX_REASONS = 5, 20
_KEPT = 4

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class ExplainQuery:
    """`model_id` empty: the champion. `max_reasons` 0: DEFAULT_REASONS."""

    feature_set_version: str
    features: Mapping[str, Feature]
    action: str
    channel: str = ""
    placement_id: str = ""
    model_id: str = ""
    max_reasons: int = 0


@dataclass(frozen=True, slots=True)
class ExplainedScore:
    """`reasons` are the farthest contributions in words."""

    explanation: Explanation
    reasons: tuple[str, ...]


def no_contributions(_forest: str, _row: Floats) -> Floats:
    """Of a process that was given no way to take forests apart."""
    raise RuntimeError("this process takes no forests apart")


class ExplainScore:
    def __init__(
        self,
        feature_sets: FeatureSetStore,
        registry: ModelStore,
        models: ModelsInUse,
        contributions: ForestContributions,
    ) -> None:
        self._store = feature_sets
        self._registry = registry
        self._models = models
        self._contributions = contributions
        self._feature_sets: OrderedDict[str, FeatureSet] = OrderedDict()
        self._contents: OrderedDict[str, ModelContent] = OrderedDict()

    async def __call__(self, query: ExplainQuery) -> ExplainedScore:
        """Raises NotFound for an unknown feature set and for a model that is not in use, InvalidArgument for what the
        query's fields must not be, FailedPrecondition where the registry lost the model's content.
        """
        if not 0 <= query.max_reasons <= MAX_REASONS:
            raise InvalidArgument.field("max_reasons", f"must be 0 to {MAX_REASONS}")
        feature_set = await self._feature_set(query.feature_set_version)
        await self._models.of(feature_set.objective)
        model = self._models.find(feature_set.objective, query.model_id)
        compiled = await model.feature_sets.get(query.feature_set_version)
        content = await self._content(model.model_id) if _has_forest(compiled) else None
        shown = _shown(query, feature_set)
        with model.live.held() as scorer:
            explanation = await asyncio.to_thread(self._explained, scorer, compiled, content, shown)
        return ExplainedScore(explanation, reasons_of(explanation.contributions, query.max_reasons or DEFAULT_REASONS))

    def _explained(
        self, scorer: Scorer, compiled: CompiledFeatureSet, content: ModelContent | None, shown: Shown
    ) -> Explanation:
        """For a thread: a forest of 200 trees takes some milliseconds."""
        return scorer.explain(compiled, shown, raw_parts(content, shown, self._contributions) if content else None)

    async def _feature_set(self, version: str) -> FeatureSet:
        if version not in self._feature_sets:
            found = await self._store.get(version)
            if found is None:
                text = f"feature_set_version: no feature set {version!r} was published"
                raise NotFound("FEATURE_SET_NOT_FOUND", text, metadata={"feature_set_version": version})
            _keep(self._feature_sets, version, found)
        return self._feature_sets[version]

    async def _content(self, model_id: str) -> ModelContent:
        if model_id not in self._contents:
            try:
                content = await self._registry.content(model_id)
                if content is None:
                    raise ValueError("it is not in the registry any more")
                decoded = await asyncio.to_thread(decode, content)
            except ValueError as error:
                text = f"model {model_id} cannot be explained: {error}"
                raise FailedPrecondition("MODEL_DAMAGED", text, metadata={"model_id": model_id}) from error
            _keep(self._contents, model_id, decoded)
        return self._contents[model_id]


def _shown(query: ExplainQuery, feature_set: FeatureSet) -> Shown:
    action = next((each for each in feature_set.actions if each.action == query.action), None)
    if action is None:
        raise unknown_action("action", query.action)
    features = read_features(feature_set.features, query.features)
    return Shown(features, action, query.channel, query.placement_id)


def _has_forest(compiled: CompiledFeatureSet) -> bool:
    return compiled.base is not None and compiled.base.forest is not None


def _keep(kept: OrderedDict[str, Kept], name: str, value: Kept) -> None:
    """The first one that came goes first."""
    kept[name] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)
