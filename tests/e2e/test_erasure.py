"""After an erasure no store, no log and no export holds anything of the person, and nobody else lost anything."""

from __future__ import annotations

from tandem.profile.v1.rights_pb2 import EraseSubjectRequest

from tests.support.erasing import erase_without_a_trace
from tests.support.servers import Deployment
from tests.support.tandem_client import TIMEOUT_S, TandemClient, event, fresh, inbound, subject


def test_an_erased_person_leaves_no_trace_anywhere(client: TandemClient, deployment: Deployment) -> None:
    erase_without_a_trace(client, deployment)


def test_a_decision_about_an_erased_person_knows_nobody(client: TandemClient) -> None:
    who = f"crm:{fresh('ada')}"
    client.upsert(who, age=30)
    client.profile.EraseSubject(EraseSubjectRequest(request_id=fresh("erase"), subject=subject(who)), timeout=TIMEOUT_S)
    answer = client.decide(inbound(who, events=[event(who)]))
    assert answer.profile_id == ""
    assert not answer.degraded
