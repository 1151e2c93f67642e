"""CaptureOutcomes: items both ways, and what became of them."""

from __future__ import annotations

from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.orchestrator.v1 import outcome_pb2

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.money import money_from, money_to
from services.orchestrator.app.capture_answer import CaptureAnswer, ItemResult
from services.orchestrator.app.capture_outcomes import MAX_ITEMS
from services.orchestrator.app.outcome_store import OffPolicy, OutcomeItem
from services.orchestrator.domain.outcome import Outcome
from shared.errors import InvalidArgument
from shared.rpc.errors import to_status

MAX_TOKEN_LENGTH = 256


def items_from(request: pb.CaptureOutcomesRequest) -> list[OutcomeItem | InvalidArgument]:
    """What is wrong with one item takes its place: the others are taken."""
    fields.at_most(request.items, MAX_ITEMS, "items")
    return [_item_or_fault(item, f"items[{index}]") for index, item in enumerate(request.items)]


def _item_or_fault(item: outcome_pb2.OutcomeItem, path: str) -> OutcomeItem | InvalidArgument:
    try:
        return _item(item, path)
    except InvalidArgument as fault:
        return fault


def _item(item: outcome_pb2.OutcomeItem, path: str) -> OutcomeItem:
    kind = item.WhichOneof("reference")
    if kind is None or not getattr(item, kind):
        raise InvalidArgument.field(f"{path}.reference", "required: proposition_id, tracking_token or off_policy")
    if len(item.tracking_token) > MAX_TOKEN_LENGTH or len(item.proposition_id) > MAX_TOKEN_LENGTH:
        raise InvalidArgument.field(f"{path}.{kind}", f"must be at most {MAX_TOKEN_LENGTH} characters")
    return OutcomeItem(
        idempotency_key=fields.identifier(item.idempotency_key, f"{path}.idempotency_key"),
        outcome=fields.enum(Outcome, item.outcome, f"{path}.outcome"),
        proposition_id=item.proposition_id,
        tracking_token=item.tracking_token,
        off_policy=_off_policy(item.off_policy) if kind == "off_policy" else None,
        outcome_time_ms=fields.time_ms(item, "outcome_time", f"{path}."),
        revenue=money_from(item.revenue, f"{path}.revenue") if item.HasField("revenue") else None,
        is_machine=item.is_machine,
        agent_id=fields.short_text(item.agent_id, f"{path}.agent_id"),
        disposition=fields.short_text(item.disposition, f"{path}.disposition"),
    )


def _off_policy(shown: outcome_pb2.OffPolicyPresentation) -> OffPolicy:
    return OffPolicy(
        shown.decision_id, shown.placement_id, shown.action, shown.channel.upper(), shown.choice_probability
    )


def item_to(item: OutcomeItem) -> outcome_pb2.OutcomeItem:
    message = outcome_pb2.OutcomeItem(
        idempotency_key=item.idempotency_key,
        outcome=int(item.outcome),  # type: ignore[arg-type]
        outcome_time=fields.time_proto(item.outcome_time_ms),
        revenue=None if item.revenue is None else money_to(item.revenue),
        is_machine=item.is_machine,
        agent_id=item.agent_id,
        disposition=item.disposition,
    )
    if item.off_policy is not None:
        message.off_policy.CopyFrom(_off_policy_to(item.off_policy))
    elif item.tracking_token:
        message.tracking_token = item.tracking_token
    else:
        message.proposition_id = item.proposition_id
    return message


def _off_policy_to(shown: OffPolicy) -> outcome_pb2.OffPolicyPresentation:
    return outcome_pb2.OffPolicyPresentation(
        decision_id=shown.decision_id,
        placement_id=shown.placement_id,
        action=shown.action,
        channel=shown.channel,
        choice_probability=shown.choice_probability,
    )


def response_of(answer: CaptureAnswer) -> pb.CaptureOutcomesResponse:
    return pb.CaptureOutcomesResponse(items=[_result(each) for each in answer.items])


def _result(result: ItemResult) -> pb.CaptureOutcomesResponse.Item:
    if result.fault is not None:
        return pb.CaptureOutcomesResponse.Item(error=to_status(result.fault.error()))
    return pb.CaptureOutcomesResponse.Item(
        result=pb.CaptureOutcomesResponse.Result(
            idempotency_key=result.idempotency_key, decision_id=result.decision_id, duplicate=result.duplicate
        )
    )
