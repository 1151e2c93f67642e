"""Event-driven rules from outside: what is recorded fires what the policy declares, whoever is asked about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from tandem.orchestrator.v1 import orchestrator_service_pb2 as orchestrator_pb
from tandem.profile.v1 import profile_service_pb2 as profile_pb
from tandem.profile.v1 import rights_pb2
from tandem.rules.v1 import rules_service_pb2 as rules_pb
from tandem.rules.v1 import trigger_pb2
from tandem.rules.v1.rules_service_pb2_grpc import RulesServiceStub

from tests.support.servers import Deployment
from tests.support.tandem_client import TIMEOUT_S, TandemClient, event, fresh, subject, typed

PATIENCE_S = 20.0

TRIGGERS = b"""
event_types:
  cart_add: {properties: {sku: string}}
  beacon: {properties: {shop: string}}
traits:
  hesitates: {type: bool, predictive: false}
triggers:
  full_cart:
    when: {event: cart_add, count: 3}
    within: 1h
    then:
      - {emit: cart_is_full}
      - {set: hesitates, value: 'true'}
  in_shop:
    when: {event: beacon}
    then: [{emit: is_in_shop, payload: {shop: event.shop}}]
"""


@pytest.fixture(scope="module")
def triggering(deployment: Deployment) -> Deployment:
    """With triggers in the active policy; for those who know nothing of them it is the same."""
    client = TandemClient(deployment.addresses)
    published = client.publish({"triggers.yaml": TRIGGERS})
    request = orchestrator_pb.ActivatePolicyRequest(
        request_id=fresh("activate"), policy_version=published.policy_version
    )
    client.orchestrator.ActivatePolicy(request, timeout=TIMEOUT_S)
    client.close()
    return deployment


@pytest.fixture
def client(triggering: Deployment) -> Iterator[TandemClient]:
    caller = TandemClient(triggering.addresses)
    yield caller
    caller.close()


def rules_of(client: TandemClient) -> Any:
    return RulesServiceStub(client.channel("rules"))  # type: ignore[no-untyped-call]


def fired_for(client: TandemClient, profile_id: str) -> list[trigger_pb2.FiredTrigger]:
    request = rules_pb.ObserveEventsRequest(after_position="0")
    pages: Iterable[rules_pb.ObserveEventsResponse] = rules_of(client).ObserveEvents(request, timeout=TIMEOUT_S)
    return [fired for page in pages for fired in page.fired if fired.profile_id == profile_id]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)


def record(client: TandemClient, who: str, *kinds: str) -> str:
    events = [event(who, kind) for kind in kinds]
    request = profile_pb.RecordEventsRequest(request_id=fresh("events"), events=events)
    response: profile_pb.RecordEventsResponse = client.profile.RecordEvents(request, timeout=TIMEOUT_S)
    return response.results[0].profile_id


def test_recorded_events_fire_a_trigger_once(client: TandemClient) -> None:
    who = f"crm:{fresh('ada')}"
    profile_id = record(client, who, "cart_add", "cart_add")
    record(client, who, "cart_add")
    until(lambda: bool(fired_for(client, profile_id)))
    time.sleep(0.5)
    (fired,) = fired_for(client, profile_id)
    assert (fired.trigger_id, fired.name) == ("full_cart", "cart_is_full")
    assert fired.cause_event_id


def test_an_inferred_trait_is_the_persons(client: TandemClient) -> None:
    who = f"crm:{fresh('ada')}"
    record(client, who, "cart_add", "cart_add", "cart_add")

    def is_known() -> bool:
        profile = client.profile.GetProfile(profile_pb.GetProfileRequest(subject=subject(who))).profile
        return "hesitates" in profile.traits and profile.traits["hesitates"].value.bool_value

    until(is_known)


def test_events_that_the_profile_service_does_not_know_can_be_observed(client: TandemClient) -> None:
    profile_id = client.upsert(f"crm:{fresh('ada')}", age=30).profile_id
    observed = [
        rules_pb.ObservedEvent(event_id=fresh("observed"), profile_id=profile_id, type="beacon") for _ in range(2)
    ]
    for each in observed:
        each.event_time.GetCurrentTime()
        each.properties["shop"].CopyFrom(typed("north"))
    request = rules_pb.ObserveEventsRequest(events=observed)
    pages = list(rules_of(client).ObserveEvents(request, timeout=TIMEOUT_S))
    fired = [each for page in pages for each in page.fired if each.profile_id == profile_id]
    assert [(each.name, each.payload["shop"].string_value) for each in fired] == [("is_in_shop", "north")] * 2
    again = list(rules_of(client).ObserveEvents(request, timeout=TIMEOUT_S))
    assert [each for page in again for each in page.fired if each.profile_id == profile_id] == []
    assert len(fired_for(client, profile_id)) == 2


def test_a_follower_hears_of_what_fires(client: TandemClient) -> None:
    following = rules_of(client).ObserveEvents(rules_pb.ObserveEventsRequest(follow=True), timeout=TIMEOUT_S)
    time.sleep(1)
    profile_id = record(client, f"crm:{fresh('ada')}", "cart_add", "cart_add", "cart_add")
    heard = next(fired for page in following for fired in page.fired if fired.profile_id == profile_id)
    assert heard.name == "cart_is_full"
    following.cancel()


def test_an_erased_person_fires_nothing_any_more(client: TandemClient) -> None:
    who = f"crm:{fresh('ada')}"
    profile_id = record(client, who, "cart_add", "cart_add", "cart_add")
    until(lambda: bool(fired_for(client, profile_id)))
    erase = rights_pb2.EraseSubjectRequest(request_id=fresh("erase"), subject=subject(who))
    client.profile.EraseSubject(erase, timeout=TIMEOUT_S)
    until(lambda: not fired_for(client, profile_id))


def test_the_rule_set_whose_triggers_fire_is_listed_as_active(client: TandemClient, deployment: Deployment) -> None:
    response: rules_pb.ListRuleSetsResponse = rules_of(client).ListRuleSets(
        rules_pb.ListRuleSetsRequest(), timeout=TIMEOUT_S
    )
    assert [each.triggers for each in response.rule_sets if each.triggers_active] == [2], deployment.form
