"""Contact limits as a caller meets them, through the public contracts alone: the same on every form and store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo import MongoClient
from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.orchestrator.v1 import orchestrator_service_pb2 as pb
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2, event_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb

from tests.support.dumps import dump_mongo, dump_sqlite
from tests.support.servers import Deployment, Form, deployed
from tests.support.tandem_client import TandemClient, fresh, inbound, only, outbound, outcome, subject

LIMITS = b"""
contact_policy:
  limits:
    - {id: mail_week, channel: email, max: 2, window: 7d}
    - {id: text_delivered, channel: sms, max: 1, window: 7d, counts: DELIVERED}
    - {id: banner_day, channel: web, max: 3, calendar: day, counts: IMPRESSION}
"""
ATTEMPTS = LIMITS.replace(b"counts: DELIVERED", b"counts: ATTEMPTED")


CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def limited(
    request: pytest.FixtureRequest, storage_of: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A deployment of our own: its policy has limits."""
    form, kind = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as running:
        caller = TandemClient(running.addresses)
        assert caller.publish({"limits.yaml": LIMITS}).active
        caller.close()
        yield running


@pytest.fixture
def client(limited: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(limited.addresses)
    yield caller
    caller.close()


@pytest.fixture
def who(client: TandemClient) -> str:
    """Somebody who may be written to."""
    person = fresh("crm:person")
    client.upsert(person, age=42)
    client.consent(person, "GRANTED", channel="")
    return person


def alias(client: TandemClient, who: str) -> str:
    """Another identity of the person: the browser they log in on."""
    cookie = fresh("cookie:browser")
    login = event_pb2.Event(event_id=fresh("event"), subject=subject(who, cookie), type="login")
    client.profile.RecordEvents(profile_pb.RecordEventsRequest(request_id=fresh("login"), events=[login]))
    return cookie


def ledger(client: TandemClient, who: str) -> contact_ledger_pb2.GetContactLedgerResponse:
    request = contact_ledger_pb2.GetContactLedgerRequest(subject=subject(who))
    answer: contact_ledger_pb2.GetContactLedgerResponse = client.profile.GetContactLedger(request)
    return answer


def contacted(response: decision_pb2.DecideResponse) -> list[str]:
    return [item.channel for result in response.placement_results for item in result.propositions.items]


def test_the_third_mail_of_a_week_is_not_sent_whatever_identity_asks(client: TandemClient, who: str) -> None:
    names = [who, alias(client, who)]
    sent = [client.decide(outbound(name, "email")) for name in names]
    assert [contacted(each) for each in sent] == [["EMAIL"], ["EMAIL"]]
    for name in names:
        third = client.decide(outbound(name, "email"))
        assert only(third).no_action.reason == decision_pb2.NO_ACTION_REASON_CONTACT_POLICY
        (dropped,) = [each for each in third.dropped if each.stage == stage_pb2.DROP_STAGE_CONTACT_POLICY]
        assert (dropped.rule_id, dropped.attribute, dropped.threshold) == ("mail_week", "contacts.mail_week", "< 2")
        assert dropped.observed.int_value == 2
        explained = client.orchestrator.ExplainDecision(pb.ExplainDecisionRequest(decision_id=third.decision_id))
        assert explained.response == client.get(third.decision_id).response == third
    entries = ledger(client, who).entries
    assert {each.reservation_id for each in entries} == {
        only(each).propositions.items[0].reservation_id for each in sent
    }
    assert {each.state for each in entries} == {contact_pb2.CONTACT_STATE_ATTEMPTED}


def test_what_is_shown_counts_at_once_and_then_the_place_falls_back(client: TandemClient, who: str) -> None:
    for _ in range(3):
        assert contacted(client.decide(inbound(who))) == ["WEB"]
    fallback = only(client.decide(inbound(who))).fallback
    assert (fallback.treatment, fallback.reason) == ("brand_story", decision_pb2.NO_ACTION_REASON_CONTACT_POLICY)


def test_decisions_at_once_never_exceed_the_limit(client: TandemClient, who: str) -> None:
    names = [who, alias(client, who)] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: client.decide(outbound(name, "email")), names))
    assert sum(map(len, map(contacted, answers))) == 2
    assert len(ledger(client, who).entries) == 2
    assert not any(answer.degraded for answer in answers)


def test_the_same_request_at_once_takes_one_allowance(client: TandemClient, who: str) -> None:
    request = outbound(who, "email")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.decide, [request] * 8))
    assert {answer.SerializeToString(deterministic=True) for answer in answers} == {
        answers[0].SerializeToString(deterministic=True)
    }
    assert contacted(answers[0]) == ["EMAIL"]
    assert contacted(client.decide(outbound(who, "email"))) == ["EMAIL"]


def test_a_simulation_leaves_no_trace(client: TandemClient, limited: Deployment, who: str) -> None:
    before = dump(limited)
    for _ in range(3):
        for request in (outbound(who, "email"), inbound(who), inbound(fresh("cookie:nobody"))):
            request.mode = decision_pb2.DECISION_MODE_SIMULATE
            simulated = client.decide(request)
            assert contacted(simulated)
            assert not any(
                item.reservation_id for result in simulated.placement_results for item in result.propositions.items
            )
    assert dump(limited) == before


def dump(deployment: Deployment) -> dict[str, list[str]]:
    storage = deployment.storage
    if not storage.mongo_uri:
        return dump_sqlite(storage.folder)
    with MongoClient[dict[str, Any]](storage.mongo_uri) as mongo:
        return dump_mongo(mongo, storage.database)


def test_a_text_that_failed_gives_its_delivery_back_and_not_its_attempt(client: TandemClient, who: str) -> None:
    def send() -> decision_pb2.DecideResponse:
        return client.decide(outbound(who, "sms"))

    first = send()
    assert (contacted(first), contacted(send())) == (["SMS"], [])
    client.capture(outcome(only(first).propositions.items[0].proposition_id, "FAILED"))
    second = send()
    assert (contacted(second), contacted(send())) == (["SMS"], [])
    version = client.publish({"limits.yaml": ATTEMPTS}).policy_version
    _activate(client, version)
    try:
        client.capture(outcome(only(second).propositions.items[0].proposition_id, "BOUNCED"))
        assert contacted(send()) == []
    finally:
        _activate(client, client.publish({"limits.yaml": LIMITS}).policy_version)


def _activate(client: TandemClient, version: str) -> None:
    client.orchestrator.ActivatePolicy(pb.ActivatePolicyRequest(request_id=fresh("on"), policy_version=version))


def test_outcomes_move_the_contact_on(client: TandemClient, who: str) -> None:
    (mail,) = only(client.decide(outbound(who, "email"))).propositions.items
    for kind, state in (("DELIVERED", contact_pb2.CONTACT_STATE_DELIVERED), ("OPENED", contact_pb2.CONTACT_STATE_SEEN)):
        client.capture(outcome(mail.proposition_id, kind))
        (entry,) = ledger(client, who).entries
        assert (entry.reservation_id, entry.state) == (mail.reservation_id, state)
