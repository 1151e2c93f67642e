"""After an erasure no store, no log and no export holds anything of the person, and nobody else lost anything."""

from __future__ import annotations

from tandem.profile.v1.rights_pb2 import EraseSubjectRequest

from tests.support.erasing import erase_without_a_trace
from tests.support.servers import Deployment
from tests.support.tandem_client import TIMEOUT_S, TandemClient, event, fresh, inbound, subject
from tests.support.traces import traces_of


def test_an_erased_person_leaves_no_trace_anywhere(client: TandemClient, deployment: Deployment) -> None:
    erase_without_a_trace(client, deployment)


def test_a_decision_about_an_erased_person_knows_nobody(client: TandemClient) -> None:
    who = f"crm:{fresh('ada')}"
    client.upsert(who, age=30)
    client.profile.EraseSubject(EraseSubjectRequest(request_id=fresh("erase"), subject=subject(who)), timeout=TIMEOUT_S)
    answer = client.decide(inbound(who, events=[event(who)]))
    assert answer.profile_id == ""
    assert not answer.degraded


def test_a_decision_that_names_an_erased_browser_too_keeps_nothing_of_it(
    client: TandemClient, deployment: Deployment
) -> None:
    gone, here = f"cookie:{fresh('gone')}", f"cookie:{fresh('here')}"
    client.upsert(gone, age=30)
    client.upsert(here, age=40)
    client.profile.EraseSubject(
        EraseSubjectRequest(request_id=fresh("erase"), subject=subject(gone)), timeout=TIMEOUT_S
    )
    asked = inbound(here, events=[event(here)])
    asked.subject.MergeFrom(subject(gone))
    asked.events[0].subject.MergeFrom(subject(gone))
    asked.consent_signals.gpc = True
    answer = client.decide(asked)
    assert (answer.profile_id != "", answer.degraded) == (True, False)
    kept = client.get(answer.decision_id).request
    assert kept.subject == kept.events[0].subject == subject(here)
    assert traces_of(gone.removeprefix("cookie:"), deployment) == []
