"""A server that is killed in the middle of its work: what it acknowledged is there when it comes back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from tandem.profile.v1 import event_pb2
from tandem.profile.v1 import profile_service_pb2 as profile_pb

from tests.support.servers import Deployment, Form, Storage, deployed
from tests.support.tandem_client import TIMEOUT_S, TandemClient, event, fresh, inbound, only, outcome, subject

WRITES = int(os.environ.get("CRASH_WRITES", "300"))
"""How many are acknowledged before the kill; a thousand at full strength."""
WRITERS = 8


@dataclass(slots=True)
class Acknowledged:
    """What the server said it had, by many writers."""

    traits: dict[str, int] = field(default_factory=dict)
    consents: set[str] = field(default_factory=set)
    events: dict[str, str] = field(default_factory=dict)
    decisions: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return sum(map(len, (self.traits, self.consents, self.events, self.decisions, self.outcomes)))

    def noted(self) -> None:
        if self.count >= WRITES:
            self.enough.set()


@pytest.fixture(params=["sqlite", "mongo"])
def mortal(
    request: pytest.FixtureRequest, storage_of: Callable[[str], AbstractContextManager[Storage]], tmp_path: Path
) -> Iterator[Deployment]:
    with storage_of(request.param) as storage, deployed(Form.ONE, storage, tmp_path) as running:
        yield running


def test_every_acknowledged_write_survives_a_kill(mortal: Deployment) -> None:
    acknowledged = Acknowledged()
    client = TandemClient(mortal.addresses)
    client.publish()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write_until_killed, client, acknowledged) for _ in range(WRITERS)]
        assert acknowledged.enough.wait(TIMEOUT_S * 3), f"{acknowledged.count} writes"
        mortal.processes["tandem"].kill()
        for writer in writers:
            writer.result()
    client.close()
    assert acknowledged.count >= WRITES
    mortal.restart("tandem")
    survivor = TandemClient(mortal.addresses)
    check(survivor, acknowledged)
    survivor.close()


def write_until_killed(client: TandemClient, acknowledged: Acknowledged) -> None:
    """Each kind of write in turn, until one is not answered."""
    steps: list[Callable[[TandemClient, Acknowledged, str, int], None]] = [write_traits, write_event, write_decision]
    number = 0
    try:
        while True:
            number += 1
            who = fresh("crm:person")
            for step in steps:
                step(client, acknowledged, who, number)
                acknowledged.noted()
    except grpc.RpcError:
        assert acknowledged.enough.is_set(), "a write failed before the kill"


def write_traits(client: TandemClient, acknowledged: Acknowledged, who: str, number: int) -> None:
    client.upsert(who, age=number)
    acknowledged.traits[who] = number
    client.consent(who, "GRANTED")
    acknowledged.consents.add(who)


def write_event(client: TandemClient, acknowledged: Acknowledged, who: str, _number: int) -> None:
    happened: event_pb2.Event = event(who)
    request = profile_pb.RecordEventsRequest(request_id=fresh("events"), events=[happened])
    client.profile.RecordEvents(request, timeout=TIMEOUT_S)
    acknowledged.events[happened.event_id] = who


def write_decision(client: TandemClient, acknowledged: Acknowledged, who: str, _number: int) -> None:
    response = client.decide(inbound(who))
    acknowledged.decisions.add(response.decision_id)
    clicked = outcome(only(response).propositions.items[0].proposition_id)
    assert client.capture(clicked).items[0].HasField("result")
    acknowledged.outcomes[clicked.idempotency_key] = response.decision_id


def check(client: TandemClient, acknowledged: Acknowledged) -> None:
    for who, age in acknowledged.traits.items():
        profile = client.profile.GetProfile(profile_pb.GetProfileRequest(subject=subject(who))).profile
        assert profile.traits["age"].value.int_value == age
        assert who not in acknowledged.consents or [consent.purpose for consent in profile.consents] == ["MARKETING"]
    found = {
        recorded.event.event_id
        for page in client.profile.TailEvents(profile_pb.TailEventsRequest(), timeout=TIMEOUT_S)
        for recorded in page.events
    }
    assert acknowledged.events.keys() <= found
    outcomes = {
        each.item.idempotency_key for decision_id in acknowledged.decisions for each in client.get(decision_id).outcomes
    }
    assert acknowledged.outcomes.keys() <= outcomes
