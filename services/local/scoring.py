"""The scoring service in the same process."""

from __future__ import annotations

from collections.abc import Sequence

from services.orchestrator.adapters.score_batches import joined
from services.orchestrator.app.ports import Prediction, Reward, ScoreQuestion, Scores, Severity, ShadowScores
from services.orchestrator.domain.policy_parts import FeatureSetPart
from services.scoring.app.application import ScoringApplication
from services.scoring.app.batch_score import BatchQuery
from services.scoring.domain import rewards as scoring
from services.scoring.domain import scoring as scoring_domain
from services.scoring.domain.feature_set import (
    ActionDeclaration,
    CrossDeclaration,
    CrossKind,
    FeatureDeclaration,
    FeatureSet,
)
from services.scoring.domain.scoring import ScoreQuery
from shared.clock import Clock
from shared.deadline import until
from shared.errors import TandemError


class LocalScoring:
    """Implements Scorer, ManyScores, Rescorer, RewardSink, RewardEraser and FeatureSetPublisher."""

    def __init__(self, app: ScoringApplication, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def score(self, question: ScoreQuestion, *, deadline_ms: int) -> Scores:
        query = _query(question)
        async with until(deadline_ms, self._clock):
            return _scores(await self._app.score(query))

    async def score_many(
        self, questions: Sequence[ScoreQuestion], *, deadline_ms: int
    ) -> Sequence[Scores | TandemError]:
        columns = joined(questions)
        candidates = ScoreQuery(
            questions[0].feature_set_version, {}, columns.actions, columns.channels, columns.placement_ids
        )
        query = BatchQuery(candidates, [question.features for question in questions], columns.own)
        async with until(deadline_ms, self._clock):
            answers = await self._app.batch_score(query)
        return [each if isinstance(each, TandemError) else _scores(each) for each in answers]

    async def rescore(self, question: ScoreQuestion, model_version: str, *, deadline_ms: int) -> Scores:
        async with until(deadline_ms, self._clock):
            return _scores(await self._app.rescore(_query(question), model_version))

    async def record_rewards(self, request_id: str, rewards: Sequence[Reward], *, deadline_ms: int) -> None:
        """Raises the error of the first reward that was refused; the others are taken."""
        async with until(deadline_ms, self._clock):
            recorded = await self._app.record_rewards(request_id, [_reward(reward) for reward in rewards])
        refused = next((outcome.error for outcome in recorded.outcomes if outcome.error is not None), None)
        if refused is not None:
            raise refused

    async def erase_rewards(self, request_id: str, decision_ids: Sequence[str], *, deadline_ms: int) -> None:
        async with until(deadline_ms, self._clock):
            await self._app.erase_subject_data(request_id, decision_ids)

    async def publish_feature_set(self, request_id: str, feature_set: FeatureSetPart) -> str:
        return await self._app.publish_feature_set(request_id, _feature_set(feature_set))


def _query(question: ScoreQuestion) -> ScoreQuery:
    return ScoreQuery(
        question.feature_set_version,
        question.features,
        question.action_ids(),
        question.channels,
        question.placement_ids,
    )


def _scores(scores: scoring_domain.Scores) -> Scores:
    shadow = scores.shadow
    return Scores(
        scores.model_version,
        scores.means,
        scores.uncertainties,
        scores.evidences,
        scores.log_odds_means,
        scores.log_odds_deviations,
        None if shadow is None else ShadowScores(shadow.model_version, shadow.means),
        scores.is_apprentice,
        None if scores.severity is None else Severity(scores.severity.means, scores.severity.deviations),
    )


def _reward(reward: Reward) -> scoring.Reward:
    return scoring.Reward(
        reward.reward_key,
        reward.feature_set_version,
        reward.action,
        reward.channel,
        reward.placement_id,
        reward.features,
        reward.reward,
        reward.reward_time_ms,
        None if reward.prediction is None else _prediction(reward.prediction),
        reward.value,
    )


def _prediction(said: Prediction) -> scoring.Prediction:
    return scoring.Prediction(
        said.model_version,
        said.propensity,
        said.choice_probability,
        said.shadow_model_version,
        said.shadow_propensity,
        said.decision_time_ms or None,
        said.candidates,
    )


def _feature_set(feature_set: FeatureSetPart) -> FeatureSet:
    return FeatureSet(
        tuple(FeatureDeclaration(feature.name, feature.type) for feature in feature_set.features),
        tuple(ActionDeclaration(each.action, each.group, each.issue, each.attributes) for each in feature_set.actions),
        feature_set.prior_propensity,
        feature_set.objective,
        tuple(
            CrossDeclaration(each.name, CrossKind[each.kind], each.feature, each.attribute, each.window_ms)
            for each in feature_set.crosses
        ),
        feature_set.monotone,
        feature_set.interactions,
        prior_value=feature_set.prior_value,
        outcome_window_ms=feature_set.window_ms or 0,
    )
