"""BatchUpsertTraits on the wire."""

from __future__ import annotations

from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import profile_service_pb2 as pb

from services.profile.api.mapping import answers, commands, fields
from services.profile.app.batch_upsert_traits import BatchUpsertTraits, ItemWritten, SubjectTraits, TraitsWritten
from shared.errors import Internal
from shared.rpc.errors import to_status


def command_of(request: pb.BatchUpsertTraitsRequest) -> BatchUpsertTraits:
    return BatchUpsertTraits(
        request.request_id, tuple(_item(each, f"items[{i}].") for i, each in enumerate(request.items))
    )


def response_of(answer: TraitsWritten) -> pb.BatchUpsertTraitsResponse:
    return pb.BatchUpsertTraitsResponse(
        items=map(_answer, answer.items), consistency_token=subject_pb2.ConsistencyToken(value=answer.token)
    )


def _item(item: pb.BatchUpsertTraitsRequest.Item, path: str) -> SubjectTraits:
    traits = tuple(commands.trait_write(each, f"{path}traits[{i}]") for i, each in enumerate(item.traits))
    return SubjectTraits(fields.subject(item.subject), traits)


def _answer(item: ItemWritten) -> pb.BatchUpsertTraitsResponse.Item:
    if item.written is not None:
        return pb.BatchUpsertTraitsResponse.Item(result=answers.written_response(item.written))
    error = item.refused.error() if item.refused else Internal("INTERNAL", "an item without an outcome")
    return pb.BatchUpsertTraitsResponse.Item(error=to_status(error))
