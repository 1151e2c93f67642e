"""GetDecision and ExplainDecision."""

from __future__ import annotations

import json

from google.protobuf.json_format import MessageToDict
from tandem.orchestrator.v1 import arbitration_pb2 as arbitration_pb
from tandem.orchestrator.v1 import decision_pb2 as decision_pb
from tandem.orchestrator.v1 import marginal_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from services.orchestrator.api.mapping import answer, fields, outcomes
from services.orchestrator.api.mapping.pressure_standing import standing_to
from services.orchestrator.api.mapping.request import request_to
from services.orchestrator.api.mapping.subject import identities_from
from services.orchestrator.app.explain_decision import Explanation
from services.orchestrator.app.get_decision import ExploredSlot, RecordedDecision
from services.orchestrator.app.outcome_store import CapturedOutcome
from services.orchestrator.app.ports import Identity
from services.orchestrator.domain.arbitration.marginals import SlotMarginal
from shared.errors import InvalidArgument
from shared.rpc.values import feature_to_proto

MAX_ACTIONS = 100


def recorded_response(decision: RecordedDecision) -> pb.GetDecisionResponse:
    return pb.GetDecisionResponse(
        request=request_to(decision.command),
        response=answer.response_of(decision.answer),
        outcomes=[_captured(outcome) for outcome in decision.outcomes],
        explored_slots=[_explored(slot) for slot in decision.explored_slots],
        pressure=standing_to(decision.pressure),
    )


def exported_line(decision: RecordedDecision) -> str:
    """One object on one line."""
    document = MessageToDict(recorded_response(decision), preserving_proto_field_name=True)
    return json.dumps({"kind": "decision", **document}, ensure_ascii=False)


def explained_response(explanation: Explanation) -> pb.ExplainDecisionResponse:
    return pb.ExplainDecisionResponse(
        response=answer.response_of(explanation.answer),
        attributes={name: feature_to_proto(feature) for name, feature in explanation.attributes.items()},
        segments=explanation.segments,
        marginals=[_marginal(each, explanation) for each in explanation.marginals],
        pressure=standing_to(explanation.pressure),
    )


def _marginal(marginal: SlotMarginal, explanation: Explanation) -> marginal_pb2.SlotMarginals:
    *candidates, silence = marginal.probabilities.tolist()
    return marginal_pb2.SlotMarginals(
        placement_id=explanation.answer.placements[marginal.place].placement_id,
        rank=marginal.slot + 1,
        candidate_probabilities=candidates,
        silence_probability=silence,
        undrawn_probability=marginal.undrawn,
        error=marginal.error,
    )


def person_from(request: pb.ExplainDecisionRequest) -> tuple[Identity, ...]:
    """Whose last decision is meant; empty where a decision is named. Exactly one of the two must be."""
    identities = identities_from(request.subject)
    if not request.decision_id and not identities:
        raise InvalidArgument.field("decision_id", "required, or a subject", reason="REQUIRED_FIELD_MISSING")
    if request.decision_id and identities:
        raise InvalidArgument.field("subject", "must not be set beside decision_id")
    fields.at_most(request.actions, MAX_ACTIONS, "actions")
    return identities


def _explored(slot: ExploredSlot) -> decision_pb.ExploredSlot:
    explored, exploration = slot.explored, slot.explored.exploration
    return decision_pb.ExploredSlot(
        placement_id=slot.placement_id,
        rank=slot.slot + 1,
        kind=int(exploration.kind),  # type: ignore[arg-type]
        gamma=exploration.gamma,
        floor=explored.floor,
        floor_bound=explored.floor_binds,
        budget_bound=explored.budget_binds,
        silence_probability=slot.silence_probability,
        randomised_silence=_withheld(slot),
        sticky_from_decision_id=slot.sticky_from_decision_id,
    )


def _withheld(slot: ExploredSlot) -> arbitration_pb.RandomisedSilence | None:
    if slot.withheld is None:
        return None
    ghost = slot.ghost
    return arbitration_pb.RandomisedSilence(
        silence_probability=slot.withheld.silence,
        winner_probability=slot.withheld.probability,
        withheld=ghost is not None,
        ghost_action="" if ghost is None else ghost.action,
        ghost_treatment="" if ghost is None else ghost.treatment,
        ghost_channel="" if ghost is None else ghost.channel,
    )


def _captured(outcome: CapturedOutcome) -> pb.GetDecisionResponse.CapturedOutcome:
    return pb.GetDecisionResponse.CapturedOutcome(
        item=outcomes.item_to(outcome.item), capture_time=fields.time_proto(outcome.capture_time_ms)
    )
