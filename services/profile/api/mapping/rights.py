"""The rights of a person on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tandem.common.v1 import subject_pb2
from tandem.profile.v1 import rights_pb2 as pb

from services.profile.api.mapping import fields
from services.profile.app.ports import LoggedErasure
from services.profile.app.rights_requests import (
    ChangePage,
    ChangeQuery,
    EraseSubject,
    ErasureQuery,
    ReadmitSubject,
    SubjectErased,
    SubjectReadmitted,
)
from services.profile.domain.changes import ChangeRecord
from shared.rpc.values import timestamp_proto

MAX_EXPORT_BYTES = 2**20
"""Of one message of an export, unless a single line is larger."""


def erase_subject(request: pb.EraseSubjectRequest) -> EraseSubject:
    return EraseSubject(request.request_id, fields.subject(request.subject), request.reason)


def readmit_subject(request: pb.ReadmitSubjectRequest) -> ReadmitSubject:
    return ReadmitSubject(request.request_id, fields.subject(request.subject), request.reason)


def erasure_query(request: pb.TailErasuresRequest) -> ErasureQuery:
    return ErasureQuery(request.after_position, request.follow)


def change_query(request: pb.ListChangesRequest) -> ChangeQuery:
    return ChangeQuery(fields.subject(request.subject), request.page_size, request.page_token)


def erased_response(answer: SubjectErased) -> pb.EraseSubjectResponse:
    return pb.EraseSubjectResponse(
        erasure_id=answer.erasure_id, profile_ids=answer.profile_ids, consistency_token=_token(answer.token)
    )


def readmitted_response(answer: SubjectReadmitted) -> pb.ReadmitSubjectResponse:
    return pb.ReadmitSubjectResponse(readmitted_count=answer.readmitted_count, consistency_token=_token(answer.token))


def erasures_response(page: Sequence[LoggedErasure]) -> pb.TailErasuresResponse:
    return pb.TailErasuresResponse(
        erasures=[
            pb.TailErasuresResponse.Erasure(
                position=str(each.position),
                erasure_id=each.erasure.erasure_id,
                profile_ids=each.erasure.profile_ids,
                erase_time=timestamp_proto(each.erasure.erased_ms),
            )
            for each in page
        ]
    )


def changes_response(page: ChangePage) -> pb.ListChangesResponse:
    return pb.ListChangesResponse(changes=map(_change, page.changes), next_page_token=page.next_page_token)


def export_responses(lines: Sequence[str]) -> Iterator[pb.ExportSubjectResponse]:
    """The lines in messages of bounded size."""
    response, size_bytes = pb.ExportSubjectResponse(), 0
    for line in lines:
        size_bytes += len(line)
        if response.lines and size_bytes > MAX_EXPORT_BYTES:
            yield response
            response, size_bytes = pb.ExportSubjectResponse(), len(line)
        response.lines.append(line)
    yield response


def _change(change: ChangeRecord) -> pb.ChangeRecord:
    return pb.ChangeRecord(
        change_time=timestamp_proto(change.change_ms),
        rpc=change.rpc,
        request_id=change.request_id,
        actor=change.actor,
        touched=change.touched,
    )


def _token(token: str) -> subject_pb2.ConsistencyToken:
    return subject_pb2.ConsistencyToken(value=token)
