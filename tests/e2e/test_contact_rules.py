"""Quiet hours, suppression rules and what is fetched ahead, through the public contracts alone: the same on every form
and store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tandem.common.v1 import stage_pb2
from tandem.orchestrator.v1 import decision_pb2
from tandem.profile.v1 import contact_ledger_pb2, contact_pb2

from tests.support.servers import Deployment, Form, deployed
from tests.support.tandem_client import TandemClient, event, fresh, inbound, only, outbound, outcome, subject

RULES = b"""
contact_policy:
  time_zone: Europe/Berlin
  quiet_hours:
    - {id: mail_night, channel: email, from: '21:00', to: '08:00', then: defer}
    - {id: text_night, channel: sms, from: '21:00', to: '08:00'}
  suppression_rules:
    - {id: refused, outcome: REJECTED, pause: 90d, per: action}
    - {id: bored, outcome: IGNORED, times: 2, within: 30d, pause: 60d, channel: web}
    - {id: busy, event: cart_add, pause: 2h, channel: email}
"""
NIGHT = datetime(2090, 6, 7, 21, 30, tzinfo=UTC)
MORNING = datetime(2090, 6, 8, 6, 0, tzinfo=UTC)
CONFIGURATIONS = [(form, store) for store in ("sqlite", "mongo") for form in Form]


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def ruled(
    request: pytest.FixtureRequest, storage_of: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    form, kind = request.param
    with storage_of(kind) as storage, deployed(form, storage, tmp_path_factory.mktemp("logs")) as running:
        caller = TandemClient(running.addresses)
        assert caller.publish({"contacts.yaml": RULES}).active
        caller.close()
        yield running


@pytest.fixture
def client(ruled: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(ruled.addresses)
    yield caller
    caller.close()


@pytest.fixture
def who(client: TandemClient) -> str:
    person = fresh("crm:person")
    client.upsert(person, age=42)
    client.consent(person, "GRANTED", channel="")
    return person


def by_night(request: decision_pb2.DecideRequest) -> decision_pb2.DecideRequest:
    request.mode = decision_pb2.DECISION_MODE_SIMULATE
    request.decision_time.FromDatetime(NIGHT)
    return request


def dropped_by(response: decision_pb2.DecideResponse) -> dict[str, str]:
    """Rule by channel, of the contact policy."""
    contact = stage_pb2.DROP_STAGE_CONTACT_POLICY
    return {each.channel: each.rule_id for each in response.dropped if each.stage == contact}


def state(client: TandemClient, who: str) -> contact_pb2.LedgerEntry:
    request = contact_ledger_pb2.GetContactLedgerRequest(subject=subject(who))
    answer: contact_ledger_pb2.GetContactLedgerResponse = client.profile.GetContactLedger(request)
    newest: contact_pb2.LedgerEntry = answer.entries[0]
    return newest


def test_a_mail_waits_for_the_morning_and_a_text_is_not_sent(client: TandemClient, who: str) -> None:
    answer = client.decide(by_night(outbound(who, "email")))
    assert not answer.advisories
    mail = only(answer).propositions.items[0]
    morning = Timestamp()
    morning.FromDatetime(MORNING)
    assert mail.send_window.earliest == morning
    assert mail.send_window.latest.ToDatetime(UTC) == datetime(2090, 6, 8, 19, 0, tzinfo=UTC)
    text = client.decide(by_night(outbound(who, "sms")))
    assert only(text).no_action.reason == decision_pb2.NO_ACTION_REASON_CONTACT_POLICY
    assert dropped_by(text) == {"SMS": "text_night"}


def test_what_was_rejected_once_is_not_shown_again(client: TandemClient, who: str) -> None:
    shown = only(client.decide(inbound(who))).propositions.items[0]
    client.capture(outcome(shown.proposition_id, "REJECTED"))
    again = client.decide(inbound(who))
    assert shown.action not in {item.action for item in only(again).propositions.items}
    assert dropped_by(again)["WEB"] == "refused"


def test_after_an_event_nothing_is_sent_for_a_while(client: TandemClient, who: str) -> None:
    assert dropped_by(client.decide(outbound(who, "email"))) == {}
    request = outbound(who, "email")
    request.events.append(event(who))
    busy = client.decide(request)
    assert dropped_by(busy) == {"EMAIL": "busy"}
    assert only(busy).no_action.reason == decision_pb2.NO_ACTION_REASON_CONTACT_POLICY


def test_what_is_fetched_ahead_counts_when_it_is_seen(client: TandemClient, who: str) -> None:
    request = inbound(who)
    request.mode = decision_pb2.DECISION_MODE_PREFETCH
    ahead = client.decide(request)
    assert client.decide(request) == ahead
    proposition = only(ahead).propositions.items[0]
    entry = state(client, who)
    assert (entry.reservation_id, entry.state) == (proposition.reservation_id, contact_pb2.CONTACT_STATE_RESERVED)
    assert proposition.expire_time.seconds - ahead.decision_time.seconds == 15 * 60
    client.capture(outcome(proposition.proposition_id, "IMPRESSION"))
    assert state(client, who).state == contact_pb2.CONTACT_STATE_SEEN
