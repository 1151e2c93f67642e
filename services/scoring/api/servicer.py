"""The RPCs of ScoringService: translate, call, translate."""

from __future__ import annotations

import asyncio

from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.api import mapping
from services.scoring.app.application import ScoringApplication
from shared.rpc.context import CallContext

SERVICE = pb.DESCRIPTOR.services_by_name["ScoringService"]


_INLINE_CANDIDATES = 2_000
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
