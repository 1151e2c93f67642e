"""DecideResponse."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from tandem.common.v1 import stage_pb2, subject_pb2
from tandem.orchestrator.v1 import arbitration_pb2, policy_pb2
from tandem.orchestrator.v1 import decision_pb2 as pb

from services.orchestrator.api.mapping import fields, volume
from services.orchestrator.api.mapping.explanation import write_all_dropped
from services.orchestrator.domain.arbitration.assignment import Assignment
from services.orchestrator.domain.decision import (
    Answer,
    Candidate,
    Fallback,
    NoAction,
    PlacementAnswer,
    Proposition,
    SendSpan,
    Timing,
)

_NS_PER_S = 1_000_000_000


def response_of(answer: Answer) -> pb.DecideResponse:
    versions = answer.versions
    response = pb.DecideResponse(
        decision_id=answer.decision_id,
        profile_id=answer.profile_id,
        placement_results=[_placement(each) for each in answer.placements],
        dropped_by_stage=[
            stage_pb2.StageCount(stage=stage, count=count)  # type: ignore[arg-type]
            for stage, count in answer.dropped_by_stage.items()
        ],
        versions=policy_pb2.Versions(
            policy=versions.policy, rule_set=versions.rule_set, model=versions.model, catalogue=versions.catalogue
        ),
        feature_statuses={name: int(status) for name, status in answer.feature_statuses.items()},  # type: ignore[misc]
        degraded=answer.degraded,
        advisories=answer.advisories,
        timing=_timing(answer.timing),
        consistency_token=subject_pb2.ConsistencyToken(value=answer.consistency_token)
        if answer.consistency_token
        else None,
        decision_time=fields.time_proto(answer.decision_time_ms),
        request_id=answer.request_id,
        assignment=None if answer.assignment is None else _assignment(answer.assignment),
        arm=answer.arm,
        left_out_of_comparison=not answer.is_compared,
    )
    for candidate in answer.candidates:
        _write_candidate(response.candidates.add(), candidate)
    write_all_dropped(response.dropped, answer.dropped)
    return response


def _assignment(assignment: Assignment) -> arbitration_pb2.Assignment:
    return arbitration_pb2.Assignment(
        method=int(assignment.method),  # type: ignore[arg-type]
        value=assignment.value,
        bound=assignment.bound,
        gap=assignment.gap,
    )


def _placement(answer: PlacementAnswer) -> pb.PlacementResult:
    result = pb.PlacementResult(placement_id=answer.placement_id)
    if answer.propositions:
        result.propositions.items.extend(_proposition(each) for each in answer.propositions)
    elif answer.fallback is not None:
        result.fallback.CopyFrom(_fallback(answer.fallback))
    elif answer.no_action is not None:
        result.no_action.CopyFrom(_no_action(answer.no_action))
    return result


def _proposition(proposition: Proposition) -> pb.Proposition:
    return pb.Proposition(
        proposition_id=proposition.proposition_id,
        channel=proposition.channel,
        issue=proposition.issue,
        group=proposition.group,
        action=proposition.action,
        treatment=proposition.treatment,
        locale=proposition.locale,
        content=proposition.content,
        content_version=proposition.content_version,
        message_class=proposition.message_class,
        rank=proposition.rank,
        priority=proposition.priority,
        propensity=proposition.propensity,
        context_weight=proposition.context_weight,
        business_value=proposition.business_value,
        lever=proposition.lever,
        cost=proposition.cost,
        choice_probability=proposition.choice_probability,
        uncertainty=proposition.uncertainty,
        evidence=proposition.evidence,
        expire_time=fields.time_proto(proposition.expire_time_ms),
        tracking_token=proposition.tracking_token,
        consent_ref=proposition.consent_ref,
        reservation_id=proposition.reservation_id,
        send_window=_send_window(proposition.send_window),
        sticky_from_decision_id=proposition.sticky_from_decision_id,
        resource_cost=proposition.resource_cost,
        uses=[volume.use_to(each) for each in proposition.uses],
        pressure_cost=proposition.pressure_cost,
    )


def _send_window(span: SendSpan | None) -> pb.SendWindow | None:
    if span is None:
        return None
    return pb.SendWindow(earliest=fields.time_proto(span.earliest_ms), latest=fields.time_proto(span.latest_ms))


def _fallback(fallback: Fallback) -> pb.Fallback:
    return pb.Fallback(
        treatment=fallback.treatment,
        channel=fallback.channel,
        content=fallback.content,
        locale=fallback.locale,
        reason=int(fallback.reason),  # type: ignore[arg-type]
    )


def _no_action(silence: NoAction) -> pb.NoAction:
    return pb.NoAction(
        reason=int(silence.reason),  # type: ignore[arg-type]
        expected_value=silence.expected_value,
        choice_probability=silence.choice_probability,
    )


def _write_candidate(part: pb.Candidate, candidate: Candidate) -> None:
    part.action = candidate.action
    part.treatment = candidate.treatment
    part.channel = candidate.channel
    part.placement_id = candidate.placement_id
    part.choice_probability = candidate.choice_probability
    part.priority = candidate.priority
    part.propensity = candidate.propensity
    part.pressure_cost = candidate.pressure_cost


def _timing(timing: Timing) -> pb.Timing:
    return pb.Timing(
        profile=_duration(timing.profile_ns),
        rules=_duration(timing.rules_ns),
        scoring=_duration(timing.scoring_ns),
        arbitration=_duration(timing.arbitration_ns),
        total=_duration(timing.total_ns),
        ledger=_duration(timing.ledger_ns) if timing.ledger_ns else None,
    )


def _duration(span_ns: int) -> Duration:
    return Duration(seconds=span_ns // _NS_PER_S, nanos=span_ns % _NS_PER_S)
