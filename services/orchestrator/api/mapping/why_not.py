"""WhyNot."""

from __future__ import annotations

from tandem.orchestrator.v1 import why_not_pb2 as pb

from services.orchestrator.api.mapping import fields
from services.orchestrator.api.mapping.explanation import write_all_dropped
from services.orchestrator.api.mapping.pressure_standing import standing_to
from services.orchestrator.api.mapping.subject import identities_from
from services.orchestrator.app.why_not import DecisionWhyNot, WhyNotAnswer, WhyNotQuestion
from shared.errors import InvalidArgument

DEFAULT_DECISIONS, MAX_DECISIONS = 10, 50


def question_from(request: pb.WhyNotRequest) -> WhyNotQuestion:
    identities = identities_from(request.subject)
    start_ms, end_ms = fields.time_ms(request, "start_time"), fields.time_ms(request, "end_time")
    for value, path in ((identities, "subject.identities"), (start_ms, "start_time"), (end_ms, "end_time")):
        if value is None or value == ():
            raise InvalidArgument.field(path, "required and missing", reason="REQUIRED_FIELD_MISSING")
    assert start_ms is not None, "checked above"
    assert end_ms is not None, "likewise"
    return WhyNotQuestion(
        identities,
        fields.identifier(request.action, "action"),
        start_ms,
        end_ms,
        fields.count(request.max_decisions, "max_decisions", MAX_DECISIONS) or DEFAULT_DECISIONS,
    )


def why_not_response(answer: WhyNotAnswer) -> pb.WhyNotResponse:
    return pb.WhyNotResponse(
        decisions=[_decision(each) for each in answer.decisions],
        person_known=answer.is_person_known,
        action_declared=answer.is_action_declared,
        earlier_decision_time=fields.time_proto(answer.earlier_ms),
        latest_decision_time=fields.time_proto(answer.latest_ms),
    )


def _decision(decision: DecisionWhyNot) -> pb.WhyNotDecision:
    message = pb.WhyNotDecision(
        decision_id=decision.decision_id,
        decision_time=fields.time_proto(decision.decision_time_ms),
        policy_version=decision.policy_version,
        verdict=int(decision.verdict),  # type: ignore[arg-type]
        placement_ids=decision.placements,
        empty_placements=[
            pb.WhyNotDecision.EmptyPlacement(placement_id=each.placement_id, reason=int(each.reason))  # type: ignore[arg-type]
            for each in decision.empty
        ],
        advisories=decision.advisories,
        asked_channels=decision.asked_channels,
        action_channels=decision.action_channels,
        pressure=standing_to(decision.pressure),
    )
    write_all_dropped(message.reasons, decision.reasons)
    return message
