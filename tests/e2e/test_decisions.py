"""What a caller is promised, through the public contracts alone: the same on every form and store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pymongo import MongoClient
from tandem.common.v1 import value_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb

from tests.support.dumps import dump_mongo, dump_sqlite
from tests.support.servers import Deployment
from tests.support.tandem_client import (
    Refusal,
    TandemClient,
    event,
    fresh,
    inbound,
    only,
    outbound,
    outcome,
    proposed,
    typed,
)


@pytest.fixture
def who() -> str:
    """Somebody nobody met before."""
    return fresh("crm:person")


def refusal_of(client: TandemClient, request: decision_pb2.DecideRequest) -> Refusal:
    with pytest.raises(grpc.RpcError) as refused:
        client.decide(request)
    return Refusal.of(refused.value)


def test_from_a_policy_to_a_score_that_moved(client: TandemClient, who: str) -> None:
    assert client.publish().policy_version
    client.upsert(who, age=42, first_name="Ada")
    client.consent(who, "GRANTED")
    first = client.decide(outbound(who, "email"))
    (mail,) = only(first).propositions.items
    assert (mail.action, mail.channel, mail.content["subject"]) == ("green_tea", "EMAIL", "Tea for Ada")
    assert mail.consent_ref.startswith(who)
    assert [candidate.choice_probability for candidate in first.candidates] == pytest.approx([1.0])
    captured = client.capture(outcome(mail.proposition_id, "CLICKED"), outcome("d_0.0.0"))
    assert captured.items[0].result.decision_id == first.decision_id
    assert Refusal.in_status(captured.items[1].error).reason == "DECISION_NOT_FOUND"
    (again,) = only(client.decide(outbound(who, "email"))).propositions.items
    assert again.propensity > mail.propensity
    recorded = client.get(first.decision_id)
    assert recorded.response == first
    assert [each.item.outcome for each in recorded.outcomes] == [6]


def test_every_candidate_is_proposed_or_has_a_reason(client: TandemClient, who: str) -> None:
    client.upsert(who, age=17)
    response = client.decide(inbound(who, "side_bar"))
    dropped = {each.action: each for each in response.dropped}
    assert (dropped["espresso"].rule_id, dropped["espresso"].threshold) == ("adult", ">= 18")
    assert dropped["espresso"].observed.int_value == 17
    assert dropped["espresso"].status == value_pb2.FEATURE_STATUS_PRESENT
    explained = client.orchestrator.ExplainDecision(pb.ExplainDecisionRequest(decision_id=response.decision_id))
    assert explained.response == response
    assert explained.attributes["age"].value.int_value == 17


def test_without_consent_nobody_is_reached(client: TandemClient, who: str) -> None:
    client.upsert(who, age=42)
    silence = only(client.decide(outbound(who))).no_action
    assert silence.reason == decision_pb2.NO_ACTION_REASON_NO_CONSENT


def test_a_consent_that_was_revoked_permits_nothing(client: TandemClient, who: str) -> None:
    client.consent(who, "GRANTED")
    assert only(client.decide(outbound(who))).propositions.items
    client.consent(who, "REVOKED")
    assert only(client.decide(outbound(who))).no_action.reason == decision_pb2.NO_ACTION_REASON_NO_CONSENT


def test_a_place_that_gets_nothing_falls_back(client: TandemClient, who: str) -> None:
    response = client.decide(inbound(who, "home_hero", excluded_actions=["green_tea"]))
    fallback = only(response).fallback
    assert (fallback.treatment, fallback.content["title"]) == ("brand_story", "Your corner shop")
    assert fallback.reason == decision_pb2.NO_ACTION_REASON_NOT_ELIGIBLE


def test_events_of_the_call_are_seen_by_its_rules(client: TandemClient, who: str) -> None:
    assert proposed(client.decide(inbound(who))) == [["green_tea"]]
    assert proposed(client.decide(inbound(who, events=[event(who)]))) == [["free_delivery"]]
    assert proposed(client.decide(inbound(who))) == [["free_delivery"]]


def test_a_write_is_seen_by_the_decision_that_names_its_token(client: TandemClient, who: str) -> None:
    for age in range(18, 28):
        token = client.upsert(who, age=age).consistency_token
        response = client.decide(inbound(who, consistency_token=token))
        explained = client.orchestrator.ExplainDecision(pb.ExplainDecisionRequest(decision_id=response.decision_id))
        assert explained.attributes["age"].value.int_value == age


def test_the_same_request_has_one_answer(client: TandemClient, who: str) -> None:
    request = inbound(who, "home_hero", "side_bar")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.decide, [request] * 16))
    assert {answer.SerializeToString(deterministic=True) for answer in answers} == {
        answers[0].SerializeToString(deterministic=True)
    }


def test_another_request_under_the_same_id_is_refused(client: TandemClient, who: str) -> None:
    request = inbound(who)
    client.decide(request)
    request.locale = "fr"
    refusal = refusal_of(client, request)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("wrong", "reason", "path"),
    [
        (inbound("crm:x", "attik"), "UNKNOWN_PLACEMENT", "placements[0].placement_id"),
        (outbound("crm:x", "email", "fax"), "UNKNOWN_CHANNEL", "channels[1]"),
        (inbound("crm:x", excluded_actions=["latte"]), "UNKNOWN_ACTION", "excluded_actions[0]"),
        (inbound("crm:x", context={"weather": typed(3)}), "INVALID_FIELD", 'context["weather"]'),
        (inbound("crm:x", context={"store_km": typed(float("nan"))}), "INVALID_FIELD", 'context["store_km"]'),
        (outbound(None), "REQUIRED_FIELD_MISSING", "subject.identities"),
        (inbound("C R M:x"), "INVALID_FIELD", "subject.identities[0].namespace"),
        (inbound("crm:x", events=[event("crm:x", "Cart Add")]), "INVALID_FIELD", "events[0].type"),
        (inbound("crm:x", session_id="s" * 129), "INVALID_FIELD", "session_id"),
    ],
    ids=lambda each: each if isinstance(each, str) else "request",
)
def test_what_is_wrong_is_named_by_its_path(
    client: TandemClient, wrong: decision_pb2.DecideRequest, reason: str, path: str
) -> None:
    refusal = refusal_of(client, wrong)
    assert (refusal.code, refusal.reason, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, reason, (path,))


def test_a_simulation_leaves_every_store_as_it_was(client: TandemClient, deployment: Deployment, who: str) -> None:
    client.upsert(who, age=42)
    client.consent(who, "GRANTED")
    before = dump(deployment)
    for request in (
        inbound(who, events=[event(who)]),
        inbound(fresh("crm:nobody"), events=[event(who)]),
        outbound(who),
    ):
        request.mode = decision_pb2.DECISION_MODE_SIMULATE
        simulated = client.decide(request)
        assert simulated.decision_id
    assert dump(deployment) == before
    assert any(before.values())


def dump(deployment: Deployment) -> dict[str, list[str]]:
    storage = deployment.storage
    if not storage.mongo_uri:
        return dump_sqlite(storage.folder)
    with MongoClient[dict[str, Any]](storage.mongo_uri) as mongo:
        return dump_mongo(mongo, storage.database)


def test_an_invalid_policy_is_refused_with_its_places(client: TandemClient) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        client.publish({"more.yaml": b"segments:\n  odd: {when: 'age >= \"x\"'}\n"})
    refusal = Refusal.of(refused.value)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "POLICY_INVALID")
    assert refusal.fields[0].startswith("more.yaml:2:")
