"""What is said to make a dropped action pass makes it pass: the same decision again, with these values."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import stage_pb2, value_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from tests.support.tandem_client import Refusal, TandemClient, fresh, inbound, typed

PLACES = ("home_hero", "side_bar")
RESERVE = 0.01
"""Of the policy: what silence is worth."""


def simulated(who: str, moment: Timestamp, **fields: object) -> decision_pb2.DecideRequest:
    return inbound(who, *PLACES, mode="DECISION_MODE_SIMULATE", decision_time=moment, **fields)


def dropped_by_rules(response: decision_pb2.DecideResponse) -> dict[str, stage_pb2.Dropped]:
    """Not by a built-in check."""
    return {each.action: each for each in response.dropped if each.rule_version == response.versions.rule_set}


def test_the_smallest_change_of_every_dropped_action_makes_it_pass(client: TandemClient) -> None:
    moment = Timestamp()
    moment.GetCurrentTime()
    proposed = 0
    for traits in ({}, {"age": 16}, {"age": 70}):
        who = fresh("crm:person")
        if traits:
            client.upsert(who, **traits)
        for action, reason in dropped_by_rules(client.decide(simulated(who, moment))).items():
            assert reason.HasField("smallest_change")
            assert reason.failed[0].attribute == reason.attribute
            change = reason.smallest_change
            assert bool(change.changes) != bool(change.none_because)
            if not change.changes:
                continue
            proposed += 1
            override = {each.attribute: value_pb2.Feature(value=each.needed) for each in change.changes}
            again = client.decide(simulated(who, moment, profile_override=override))
            assert action not in dropped_by_rules(again), (change, again.dropped)
    assert proposed > 3


def test_a_recorded_decision_keeps_its_explanation(client: TandemClient) -> None:
    who = fresh("crm:person")
    client.upsert(who, age=16)
    response = client.decide(inbound(who, "side_bar"))
    dropped = dropped_by_rules(response)
    assert dropped["espresso"].smallest_change.none_because == "IMMUTABLE"
    (change,) = dropped["umbrella"].smallest_change.changes
    assert (change.attribute, change.needed.string_value) == ("context.weather", "rain")
    assert not change.HasField("observed")
    assert client.get(response.decision_id).response.dropped == response.dropped
    explained = client.orchestrator.ExplainDecision(pb.ExplainDecisionRequest(decision_id=response.decision_id))
    assert explained.response.dropped == response.dropped


def test_what_lost_the_draw_says_how_much_money_it_lacked(client: TandemClient) -> None:
    who = fresh("crm:person")
    client.upsert(who, age=42)
    response = client.decide(inbound(who))
    lost = [each for each in response.dropped if each.rule_id == "priority"]
    assert lost
    (place,) = response.placement_results
    worth = place.propositions.items[0].priority if place.propositions.items else RESERVE
    priorities = {each.action: each.priority for each in response.candidates}
    assert {each.action: each.margin for each in lost} == {
        each.action: pytest.approx(worth - priorities[each.action]) for each in lost
    }


@pytest.mark.parametrize(
    ("mode", "override", "path"),
    [
        ("DECISION_MODE_EXECUTE", {"age": 18}, "profile_override"),
        ("DECISION_MODE_SIMULATE", {"shoe_size": 44}, 'profile_override["shoe_size"]'),
        ("DECISION_MODE_SIMULATE", {"age": "old"}, 'profile_override["age"]'),
    ],
)
def test_other_values_are_for_simulations_of_declared_attributes(
    client: TandemClient, mode: str, override: dict[str, int | str], path: str
) -> None:
    values = {name: value_pb2.Feature(value=typed(value)) for name, value in override.items()}
    with pytest.raises(grpc.RpcError) as refused:
        client.decide(inbound(fresh("crm:person"), mode=mode, profile_override=values))
    refusal = Refusal.of(refused.value)
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, (path,))
