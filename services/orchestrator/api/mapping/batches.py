"""BatchDecide and StreamDecide: what is wrong with one request is its own answer."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import batch_pb2 as pb
from tandem.orchestrator.v1 import decision_pb2

from services.orchestrator.api.mapping.answer import response_of
from services.orchestrator.api.mapping.request import command_from
from services.orchestrator.app.batch.decide import Item, Outcome
from shared.errors import InvalidArgument, TandemError
from shared.rpc.errors import to_status
from shared.rpc.interceptors.required import FieldCheck

MAX_REQUESTS = 500
MAX_EXPLAINED = 20
"""An explained answer may have a hundred kilobytes, and an answer has a largest size."""

_QUIET = (stage_pb2.EXPLAIN_UNSPECIFIED, stage_pb2.EXPLAIN_NONE)
_check_required = FieldCheck(decision_pb2.DecideRequest.DESCRIPTOR)  # type: ignore[arg-type]


def items_from(message: pb.BatchDecideRequest) -> list[Item]:
    """Raises InvalidArgument for too many at once."""
    count, explained = len(message.requests), sum(each.explain not in _QUIET for each in message.requests)
    if not 1 <= count <= MAX_REQUESTS:
        raise InvalidArgument.field("requests", f"must be 1 to {MAX_REQUESTS}, not {count}")
    if explained > MAX_EXPLAINED:
        text = f"must be at most {MAX_EXPLAINED} with explain, not {explained}: explain those that matter"
        raise InvalidArgument.field("requests", text)
    return [item_from(each) for each in message.requests]


def item_from(request: decision_pb2.DecideRequest) -> Item:
    try:
        _check_required(request)
        return command_from(request)
    except InvalidArgument as fault:
        return fault


def batch_response(outcomes: Sequence[Outcome]) -> pb.BatchDecideResponse:
    return pb.BatchDecideResponse(items=[_item(outcome) for outcome in outcomes])


def stream_response(request_id: str, outcome: Outcome) -> pb.StreamDecideResponse:
    if isinstance(outcome, TandemError):
        return pb.StreamDecideResponse(request_id=request_id, error=to_status(outcome))
    return pb.StreamDecideResponse(request_id=request_id, result=response_of(outcome))


def _item(outcome: Outcome) -> pb.BatchDecideResponse.Item:
    if isinstance(outcome, TandemError):
        return pb.BatchDecideResponse.Item(error=to_status(outcome))
    return pb.BatchDecideResponse.Item(result=response_of(outcome))
