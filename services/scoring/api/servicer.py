"""The RPCs of ScoringService: translate, call, translate."""

from __future__ import annotations

import asyncio

from tandem.scoring.v1 import evaluation_pb2, explanation_pb2, model_health_pb2
from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.api import batch_mapping, evaluation_mapping, explain_mapping, mapping, models_mapping
from services.scoring.app.application import ScoringApplication
from services.scoring.app.health import DEFAULT_WINDOW
from services.scoring.app.training_order import TrainingOrder
from services.scoring.domain.feature_set import DEFAULT_OBJECTIVE
from shared.rpc.context import CallContext

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]


_INLINE_CANDIDATES = 2_000
_INLINE_SUBJECTS = 10
_INLINE_REWARDS = 10
"""Translating more takes above a millisecond and leaves the event loop."""


class ScoringServicer:
    def __init__(self, app: ScoringApplication) -> None:
        self._app = app

    async def PublishFeatureSet(
        self, request: pb.PublishFeatureSetRequest, _context: CallContext
    ) -> pb.PublishFeatureSetResponse:
        feature_set = mapping.feature_set_from_proto(request.feature_set, "feature_set")
        version = await self._app.publish_feature_set(request.request_id, feature_set)
        return pb.PublishFeatureSetResponse(feature_set_version=version)

    async def ScoreActions(self, request: pb.ScoreActionsRequest, _context: CallContext) -> pb.ScoreActionsResponse:
        scores = await self._app.score(mapping.query_from_proto(request))
        if len(scores.means) <= _INLINE_CANDIDATES:
            return mapping.scores_to_proto(scores)
        return await asyncio.to_thread(mapping.scores_to_proto, scores)

    async def RescoreActions(
        self, request: pb.RescoreActionsRequest, _context: CallContext
    ) -> pb.RescoreActionsResponse:
        query = mapping.query_from_proto(request.question)
        scores = await self._app.rescore(query, request.model_version)
        return pb.RescoreActionsResponse(scores=mapping.scores_to_proto(scores))

    async def ExplainScore(
        self, request: explanation_pb2.ExplainScoreRequest, _context: CallContext
    ) -> explanation_pb2.ExplainScoreResponse:
        question = explain_mapping.question_from_proto(request)
        return explain_mapping.explained_to_proto(await self._app.explain_score(question))

    async def BatchScoreActions(
        self, request: pb.BatchScoreActionsRequest, _context: CallContext
    ) -> pb.BatchScoreActionsResponse:
        subjects = len(request.subjects)
        if subjects > _INLINE_SUBJECTS or subjects * len(request.actions) > _INLINE_CANDIDATES:
            query = await asyncio.to_thread(batch_mapping.batch_from_proto, request)
            return await asyncio.to_thread(batch_mapping.batch_to_proto, await self._app.batch_score(query))
        return batch_mapping.batch_to_proto(await self._app.batch_score(batch_mapping.batch_from_proto(request)))

    async def RecordRewards(self, request: pb.RecordRewardsRequest, _context: CallContext) -> pb.RecordRewardsResponse:
        if len(request.rewards) <= _INLINE_REWARDS:
            items = mapping.rewards_from_proto(request.rewards)
        else:
            items = await asyncio.to_thread(mapping.rewards_from_proto, request.rewards)
        return mapping.recorded_to_proto(await self._app.record_rewards(request.request_id, items))

    async def EraseSubjectData(
        self, request: pb.EraseSubjectDataRequest, _context: CallContext
    ) -> pb.EraseSubjectDataResponse:
        erased = await self._app.erase_subject_data(request.request_id, list(request.decision_ids))
        return pb.EraseSubjectDataResponse(erased_count=erased)

    async def TrainModel(self, request: pb.TrainModelRequest, _context: CallContext) -> pb.TrainModelResponse:
        order = TrainingOrder(request.objective or DEFAULT_OBJECTIVE, request.days, request.seed)
        training = await self._app.train_model(request.request_id, order)
        return pb.TrainModelResponse(training=models_mapping.training_to_proto(training))

    async def ListModels(self, request: pb.ListModelsRequest, _context: CallContext) -> pb.ListModelsResponse:
        registry = await self._app.list_models(request.objective or DEFAULT_OBJECTIVE)
        return models_mapping.registry_to_proto(registry)

    async def GetModel(self, request: pb.GetModelRequest, _context: CallContext) -> pb.GetModelResponse:
        return pb.GetModelResponse(model=models_mapping.model_to_proto(await self._app.get_model(request.model_id)))

    async def ActivateModel(self, request: pb.ActivateModelRequest, _context: CallContext) -> pb.ActivateModelResponse:
        wanted = models_mapping.activation_from_proto(request)
        assignment = await self._app.activate_model(request.request_id, wanted)
        return pb.ActivateModelResponse(assignment=models_mapping.assignment_to_proto(assignment))

    async def GetModelHealth(
        self, request: model_health_pb2.GetModelHealthRequest, _context: CallContext
    ) -> model_health_pb2.GetModelHealthResponse:
        window = request.window or DEFAULT_WINDOW
        return models_mapping.health_to_proto(
            await self._app.model_health(request.objective or DEFAULT_OBJECTIVE, window)
        )

    async def EvaluatePolicy(
        self, request: evaluation_pb2.EvaluatePolicyRequest, _context: CallContext
    ) -> evaluation_pb2.EvaluatePolicyResponse:
        query = await asyncio.to_thread(evaluation_mapping.query_from_proto, request)
        return evaluation_mapping.evaluated_to_proto(await self._app.evaluate_policy(query))
