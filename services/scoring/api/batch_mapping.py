"""Messages of BatchScoreActions to domain values and back."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.scoring.v1 import scoring_service_pb2 as pb

from services.scoring.api.mapping import scores_to_proto
from services.scoring.app.batch_score import BatchQuery, Subject
from services.scoring.domain.scoring import ScoreQuery, Scores
from shared.errors import InvalidArgument, TandemError
from shared.rpc.errors import to_status
from shared.rpc.values import features_from_proto


def batch_from_proto(message: pb.BatchScoreActionsRequest) -> BatchQuery:
    candidates = ScoreQuery(
        feature_set_version=message.feature_set_version,
        features={},
        actions=message.actions,
        channels=[channel.upper() for channel in message.channels],
        placement_ids=message.placement_ids,
    )
    subjects = [_subject(subject, index) for index, subject in enumerate(message.subjects)]
    own = [tuple(subject.candidates) for subject in message.subjects]
    return BatchQuery(candidates, subjects, own if any(own) else ())


def batch_to_proto(answers: Iterable[Scores | TandemError]) -> pb.BatchScoreActionsResponse:
    return pb.BatchScoreActionsResponse(items=[_item(answer) for answer in answers])


def _subject(message: pb.BatchScoreActionsRequest.Subject, index: int) -> Subject:
    try:
        return features_from_proto(message.features, f"subjects[{index}].features")
    except InvalidArgument as error:
        return error


def _item(answer: Scores | TandemError) -> pb.BatchScoreActionsResponse.Item:
    if isinstance(answer, TandemError):
        return pb.BatchScoreActionsResponse.Item(error=to_status(answer))
    return pb.BatchScoreActionsResponse.Item(scores=scores_to_proto(answer))
